import assert from 'node:assert/strict';
import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {usedParams} from '../../../pipeline/cache/fingerprint.js';
import type {JsonObject} from '../../../pipeline/model/json.js';
import type {Stage} from '../../../pipeline/model/stage.js';
import {weights} from '../../../pipeline/stages/weights/stage.js';
import {served} from '../../http/routes.js';
import {type Site, withSite} from '../../http/site.js';
import {noise, sha256, told} from '../download/rig.js';
import {type Bench, factsOf, faultsOf, spelledOut, withBench} from '../rig.js';

const FILE = noise(100_000);
const PAGE = Buffer.from('<!DOCTYPE html><html><body>Sign in to go on</body></html>');

/** A site that has the file and a page of HTML, and a folder to work in. */
function withFile(body: (site: Site, bench: Bench) => Promise<void>): Promise<void> {
  const routes = {'/chexnet.pth': served(FILE, {}), '/login': served(PAGE, {})};
  return withBench((bench) => withSite(routes, (site) => body(site, bench)));
}

function wanted(site: Site, path: string, digest = sha256(FILE)): JsonObject {
  return {url: site.url(path), sha256: digest, retry_seconds: 0.001};
}

describe('weights', () => {
  it('fetches the file, and the artifact holds it under a name that tells nothing of its source', () =>
    withFile(async (site, bench) => {
      const finished = await bench.run(weights, wanted(site, '/chexnet.pth'));
      assert.deepEqual(factsOf(finished), {bytes: 100_000, fetched_bytes: 100_000, sha256: sha256(FILE)});
      assert.deepEqual(readdirSync(finished.artifact.path), ['weights.pth']);
      assert.deepEqual(readFileSync(join(finished.artifact.path, 'weights.pth')), FILE);
    }));

  it('takes nothing with another SHA-256', () =>
    withFile(async (site, bench) => {
      const digest = sha256(noise(10));
      const finished = await bench.run(weights, wanted(site, '/chexnet.pth', digest));
      assert.deepEqual(
        spelledOut(faultsOf(finished)).map((text) => told(text, site)),
        [
          `- weights.pth: SITE/chexnet.pth has the SHA-256 ${sha256(FILE)}, not ${digest}, also when fetched again | ` +
            'is it another file? compare url and sha256 with their source',
        ],
      );
      assert.deepEqual(readdirSync(finished.resume), []);
    }));

  it('takes no page that a server sends instead of the file', () =>
    withFile(async (site, bench) => {
      const finished = await bench.run(weights, wanted(site, '/login'));
      assert.ok(!finished.result.ok);
      assert.deepEqual(readdirSync(finished.artifact.path), []);
    }));

  it('is known by the content of the file alone, not by where it is', () => {
    const keyOf = (url: string): JsonObject => {
      const params = weights.params.parse({url, sha256: sha256(FILE).toUpperCase(), stall_seconds: 5});
      return usedParams({kind: weights, params} as Stage);
    };
    assert.deepEqual(keyOf('https://a.example/x.pth'), {sha256: sha256(FILE)});
    assert.deepEqual(keyOf('http://b.example/y.pt'), {sha256: sha256(FILE)});
  });

  it('needs a whole address and a whole SHA-256', () => {
    const faultsIn = (params: JsonObject) =>
      weights.params.safeParse(params).error?.issues.map(({path, message}) => [path.join('.'), message]);
    assert.deepEqual(faultsIn({url: 'file:///etc/passwd', sha256: sha256(FILE)}), [
      ['', 'the url must be a whole http or https address'],
    ]);
    assert.deepEqual(faultsIn({url: 'https://a.example/x.pth', sha256: 'a639ec97'}), [
      ['sha256', 'a SHA-256 is 64 hexadecimal digits'],
    ]);
  });
});
