import assert from 'node:assert/strict';
import type {JsonObject} from '../../../pipeline/model/json.js';
import {nextUrl} from '../../../pipeline/stages/download/follow.js';
import {download} from '../../../pipeline/stages/download/stage.js';
import {head, served} from '../../http/routes.js';
import {type Route, type Site, withSite} from '../../http/site.js';
import {type Finished, factsOf, faultsOf, spelledOut, withBench} from '../rig.js';
import {noise, told, wanted} from './rig.js';

const FILE = noise(20_000);
const MEND = 'look the address up again and change it in the stage\'s "urls"';
const PORTAL = 'if this network wants a login first, do that in a browser and run again';

async function fetching(
  routes: (url: Site['url']) => Readonly<Record<string, Route>>,
  more: JsonObject,
  body: (finished: Finished, site: Site) => void,
): Promise<void> {
  const later: Record<string, Route> = {};
  await withBench((bench) =>
    withSite(later, async (site) => {
      Object.assign(later, routes(site.url));
      body(await bench.run(download, {...wanted(site, {'f.tgz': FILE}), ...more}), site);
    }),
  );
}

function refusal(finished: Finished, site: Site): readonly string[] {
  return spelledOut(faultsOf(finished)).map((text) => told(text, site));
}

describe('a redirect', () => {
  it('on the same host is followed, with what is asked for', () =>
    fetching(
      () => ({
        '/f.tgz': head(301, {location: '/public/f.tgz'}),
        '/public/f.tgz': head(302, {location: 'deep/f.tgz#part'}),
        '/public/deep/f.tgz': served(FILE, {etag: '"v1"', cuts: [{after: 5000, end: 'drop'}]}),
      }),
      {},
      (finished, site) => {
        factsOf(finished);
        const last = site.requests.at(-1)!;
        assert.deepEqual(
          [last.path, last.range, last.ifRange],
          ['/public/deep/f.tgz', 'bytes=5000-', '"v1"'],
        );
        assert.equal(site.sentBytes(), FILE.length);
      },
    ));

  it('to a host that nobody named is refused, and not a byte is asked of it', () =>
    fetching(
      (url) => ({'/f.tgz': head(302, {location: url('/g.tgz', 'localhost')}), '/g.tgz': served(FILE)}),
      {redirect_hosts: ['boxcloud.com']},
      (finished, site) => {
        assert.deepEqual(refusal(finished, site), [
          `- f.tgz: SITE/f.tgz is redirected to SITE, a host that the configuration does not name | if the file is kept there, let the stage follow: redirect_hosts: [boxcloud.com, localhost]; ${PORTAL}`,
        ]);
        assert.ok(site.requests.every(({path}) => path === '/f.tgz'));
      },
    ));

  it('to a host that was named is followed, and no password goes there', () =>
    withBench((bench) => {
      const later: Record<string, Route> = {};
      return withSite(later, async (site) => {
        later['/f.tgz'] = head(302, {location: site.url('/g.tgz', 'localhost').replace('//', '//eve:pw@')});
        later['/g.tgz'] = served(FILE);
        const url = site.url('/f.tgz').replace('//', '//anna:secret@');
        const params = {
          ...wanted(site, {'f.tgz': FILE}),
          urls: {'f.tgz': url},
          redirect_hosts: ['LOCALHOST'],
        };
        factsOf(await bench.run(download, params));
        const sent = new Map(site.requests.map(({path, authorization}) => [path, authorization]));
        assert.deepEqual(
          [...sent],
          [
            ['/f.tgz', `Basic ${Buffer.from('anna:secret').toString('base64')}`],
            ['/g.tgz', ''],
          ],
        );
      });
    }));

  it('in a circle is told as one', () =>
    fetching(
      () => ({'/f.tgz': head(302, {location: '/g.tgz'}), '/g.tgz': head(307, {location: '/f.tgz'})}),
      {},
      (finished, site) =>
        assert.deepEqual(refusal(finished, site), [
          `- f.tgz: redirect loop: SITE/f.tgz → SITE/g.tgz → SITE/f.tgz | ${MEND}`,
        ]),
    ));

  it('is followed ten times, not more', () => {
    const chain = (length: number) => () => {
      const steps = Array.from({length}, (_, index): [string, Route] => [
        index === 0 ? '/f.tgz' : `/${index}`,
        head(308, {location: `/${index + 1}`}),
      ]);
      return {...Object.fromEntries(steps), [`/${length}`]: served(FILE)};
    };
    return fetching(chain(10), {}, (finished) => factsOf(finished)).then(() =>
      fetching(chain(11), {}, (finished, site) =>
        assert.deepEqual(refusal(finished, site), [
          `- f.tgz: more than 10 redirects, the last to SITE | ${MEND}`,
        ]),
      ),
    );
  });

  const hosts = {named: new Set(['nihcc.box.com']), redirects: ['app.box.com', 'boxcloud.com']};
  const from = new URL('https://nihcc.box.com/shared/static/a.gz');
  const leads = (location: string | null): string => {
    const next = nextUrl({seen: [from], location, hosts});
    if (next.ok) return next.value.href;
    return next.error.is === 'stopped' ? '' : next.error.message;
  };

  it('leads to the hosts that end in a named one, at a dot', () => {
    const box = 'https://nihcc.app.box.com/public/static/a.gz';
    assert.equal(leads(box), box);
    assert.equal(leads('https://public.boxcloud.com/d/1'), 'https://public.boxcloud.com/d/1');
    for (const host of ['myboxcloud.com', 'boxcloud.com.example.org', 'box.com', 'evil.nihcc.box.com']) {
      assert.match(leads(`https://${host}/a.gz`), /a host that the configuration does not name$/);
    }
  });

  it('to where nothing is encrypted, to no web server and to nowhere is refused', () => {
    const told = 'https://nihcc.box.com/shared/static/a.gz is redirected';
    assert.equal(
      leads('http://nihcc.box.com/a.gz'),
      `${told} to http://nihcc.box.com, which is not encrypted`,
    );
    assert.equal(leads('ftp://nihcc.box.com/a.gz'), `${told} to ftp:, which is not fetched`);
    assert.equal(leads('https://'), `${told} to nowhere`);
    assert.equal(leads(null), `${told} to nowhere`);
  });
});
