import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {makeCertificate} from '../../http/certificate.js';
import {withProxy} from '../../http/proxy.js';
import {served} from '../../http/routes.js';
import {type Site, withSite} from '../../http/site.js';
import {type Finished, type PlanDocument, type Project, withProject} from '../../rig.js';
import {noise, sha256, told} from './rig.js';

const FILE = noise(50_000);
const ROUTES = {'/f.tgz': served(FILE)};

/** The real command line: only there is the environment a run's own. */
function fetching(
  project: Project,
  url: string,
  environment: Readonly<Record<string, string>>,
): Promise<Finished> {
  const params = {files: {'f.tgz': {sha256: sha256(FILE)}}, urls: {'f.tgz': url}, retries: 0};
  const stages = {download: {uses: 'download', params}};
  project.write('p.yaml', JSON.stringify({pipeline: 'p', stages}));
  const names = ['http_proxy', 'https_proxy', 'no_proxy'].flatMap((name) => [name, name.toUpperCase()]);
  const none = Object.fromEntries(names.map((name) => [name, undefined]));
  return project.run(['run', 'p.yaml', '--json'], {environment: {...none, ...environment}});
}

function isComplete({code, stdout, stderr}: Finished): void {
  assert.equal(code, 0, stderr);
  const [stage] = (JSON.parse(stdout) as PlanDocument).stages;
  assert.deepEqual(readFileSync(join(stage!.artifact!, 'f.tgz')), FILE);
}

function failure({code, stderr}: Finished, site: Site): string {
  assert.notEqual(code, 0);
  assert.doesNotMatch(stderr, /\n\s+at /);
  return told(stderr, site);
}

describe('a download behind a proxy', () => {
  it('asks the proxy that HTTP_PROXY names, for a host that only the proxy knows', () =>
    withProject((project) =>
      withSite(ROUTES, (site) =>
        withProxy(async ({address, asked}) => {
          const url = `http://archives.invalid:${site.port}/f.tgz`;
          isComplete(await fetching(project, url, {HTTP_PROXY: address}));
          assert.deepEqual(asked, [`HEAD ${url}`, `GET ${url}`]);
        }),
      ),
    ));

  it('asks no proxy for a host that NO_PROXY names', () =>
    withProject((project) =>
      withSite(ROUTES, (site) =>
        withProxy(async ({address, asked}) => {
          const environment = {http_proxy: address, no_proxy: 'example.org, 127.0.0.1'};
          isComplete(await fetching(project, site.url('/f.tgz'), environment));
          assert.deepEqual(asked, []);
        }),
      ),
    ));

  it('goes through a tunnel to a server that encrypts', () =>
    withProject((project) => {
      const tls = makeCertificate();
      return withSite(
        ROUTES,
        (site) =>
          withProxy(
            async ({address, asked}) => {
              const environment = {
                HTTPS_PROXY: address.replace('//', '//anna:p%40ss@'),
                NODE_EXTRA_CA_CERTS: project.write('ca.pem', tls.cert),
              };
              isComplete(await fetching(project, site.url('/f.tgz', 'localhost'), environment));
              assert.ok(asked.length > 0 && asked.every((text) => text === `CONNECT localhost:${site.port}`));
            },
            {login: 'anna:p@ss'},
          ),
        {tls},
      );
    }));

  it('says so when the proxy wants a login', () =>
    withProject((project) =>
      withSite(ROUTES, (site) =>
        withProxy(
          async ({address}) => {
            for (const scheme of ['http', 'https']) {
              const url = `${scheme}://localhost:${site.port}/f.tgz`;
              const text = failure(await fetching(project, url, {HTTP_PROXY: address}), site);
              assert.match(text, /f\.tgz: the proxy refuses to connect to SITE \(407\)/);
              assert.match(
                text,
                /hint: it wants a name and a password: HTTPS_PROXY=http:\/\/name:password@host:port/,
              );
            }
          },
          {login: 'anna:pass'},
        ),
      ),
    ));

  it('says so when a certificate is not to be trusted', () =>
    withProject((project) =>
      withSite(
        ROUTES,
        async (site) => {
          const text = failure(await fetching(project, site.url('/f.tgz', 'localhost'), {}), site);
          assert.match(
            text,
            /f\.tgz: SITE is not trusted: self-signed certificate \(DEPTH_ZERO_SELF_SIGNED_CERT\)/,
          );
          assert.match(
            text,
            /hint: where a proxy looks into encrypted connections, give its certificate in NODE_EXTRA_CA_CERTS/,
          );
        },
        {tls: makeCertificate()},
      ),
    ));

  it('says so when the proxy is no address', () =>
    withProject(async (project) => {
      const finished = await fetching(project, 'http://127.0.0.1:9/f.tgz', {HTTPS_PROXY: 'ht tp:/nowhere'});
      assert.equal(finished.code, 4);
      assert.match(finished.stderr, /the proxy that HTTPS_PROXY or HTTP_PROXY names is no address/);
    }));
});
