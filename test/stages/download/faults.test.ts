import assert from 'node:assert/strict';
import {existsSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import type {JsonObject} from '../../../pipeline/model/json.js';
import {download} from '../../../pipeline/stages/download/stage.js';
import {head, inTurn, page, raw, served} from '../../http/routes.js';
import {type Route, type Site, withSite} from '../../http/site.js';
import {type Finished, factsOf, faultsOf, spelledOut, withBench} from '../rig.js';
import {noise, notes, sha256, told, wanted} from './rig.js';

const FILE = noise(100_000);
const OTHER = noise(100_000, 7);
const COMPARE = 'is it another file? compare "files" and "urls" with their source';

type Seen = Readonly<{finished: Finished; site: Site; ranges: readonly string[]; said: readonly string[]}>;

/** Runs the stage for /f.tgz on a site that answers by that route. `said` are its notes. */
async function fetching(route: Route, more: JsonObject, body: (seen: Seen) => void): Promise<void> {
  await withBench((bench) =>
    withSite({'/f.tgz': route}, async (site) => {
      const files = {
        'f.tgz': {sha256: sha256(FILE), ...(more['bytes'] === undefined ? {} : {bytes: more['bytes']})},
      };
      const {bytes: _, ...rest} = more;
      const finished = await bench.run(download, {...wanted(site, {'f.tgz': FILE}), files, ...rest});
      const gets = site.requests.filter(({method}) => method === 'GET');
      const ranges = gets.map(({range, ifRange}) => (range === '' ? 'all' : `${range} ${ifRange}`.trim()));
      body({finished, site, ranges, said: notes(finished.news, site)});
    }),
  );
}

function isComplete({finished}: Seen): void {
  factsOf(finished);
  assert.deepEqual(readFileSync(join(finished.artifact.path, 'f.tgz')), FILE);
}

/** The one fault of a stage that must have failed, with what is left of the file. */
function refusal({finished, site}: Seen): string {
  assert.ok(!existsSync(join(finished.resume, 'f.tgz')));
  const {result} = finished;
  if (!result.ok && result.error.reason === 'system') {
    const {code, message, hint} = result.error;
    return told(`${code}: ${message} | ${hint}`, site);
  }
  return told(spelledOut(faultsOf(finished)).join('\n'), site);
}

describe('a download over a bad connection', () => {
  it('goes on where the connection broke', () =>
    fetching(
      served(FILE, {
        etag: '"v1"',
        cuts: [
          {after: 40_000, end: 'drop'},
          {after: 20_000, end: 'drop'},
        ],
      }),
      {},
      (seen) => {
        isComplete(seen);
        assert.deepEqual(seen.ranges, ['all', 'bytes=40000- "v1"', 'bytes=60000- "v1"']);
        const said = 'f.tgz: the connection to SITE broke off; trying again in … (1 of 6)';
        assert.deepEqual(seen.said, [said, said]);
        assert.equal(seen.site.sentBytes(), FILE.length);
      },
    ));

  it('goes on by the date of the file where the server has no strong ETag', () => {
    const lastModified = 'Tue, 05 Sep 2017 10:00:00 GMT';
    const cuts = [{after: 40_000, end: 'drop'} as const];
    return fetching(served(FILE, {etag: 'W/"v1"', lastModified, cuts}), {}, (seen) => {
      isComplete(seen);
      assert.deepEqual(seen.ranges, ['all', `bytes=40000- ${lastModified}`]);
    });
  });

  it('goes on without either: the SHA-256 decides', () =>
    fetching(served(FILE, {cuts: [{after: 40_000, end: 'drop'}]}), {}, (seen) => {
      isComplete(seen);
      assert.deepEqual(seen.ranges, ['all', 'bytes=40000-']);
    }));

  it('does not wait for ever for the next byte', () =>
    fetching(
      served(FILE, {etag: '"v1"', cuts: [{after: 70_000, end: 'stall'}]}),
      {stall_seconds: 0.15},
      (seen) => {
        isComplete(seen);
        assert.deepEqual(seen.ranges, ['all', 'bytes=70000- "v1"']);
        assert.deepEqual(seen.said, ['f.tgz: SITE sent nothing for 0.1 s; trying again in … (1 of 6)']);
      },
    ));

  it('does not wait for ever for an answer', () =>
    fetching(
      () => {},
      {bytes: FILE.length, stall_seconds: 0.05, retries: 1},
      (seen) =>
        assert.equal(
          refusal(seen),
          'ETIMEDOUT: f.tgz: SITE sent nothing for 50 ms; given up after 2 attempts | run again later: what is here already is not fetched again',
        ),
    ));

  it('gives up when nothing more comes, however often it begins, and keeps what came', () =>
    fetching(
      served(FILE, {etag: '"v1"', cuts: [5000, 0, 0].map((after) => ({after, end: 'drop'}))}),
      {bytes: FILE.length, retries: 1},
      (seen) => {
        assert.equal(
          refusal(seen),
          'ECONNRESET: f.tgz: the connection to SITE broke off; given up after 2 attempts | run again later: what is here already is not fetched again',
        );
        assert.deepEqual(readFileSync(join(seen.finished.resume, 'f.tgz.part')), FILE.subarray(0, 5000));
      },
    ));

  it('says so when nobody listens', () =>
    withBench(async (bench) => {
      let gone: Site | null = null;
      await withSite({}, async (site) => {
        gone = site;
      });
      const finished = await bench.run(download, {...wanted(gone!, {'f.tgz': FILE}), retries: 1});
      const {result} = finished;
      assert.ok(!result.ok && result.error.reason === 'system');
      assert.equal(
        told(result.error.message, gone!),
        'f.tgz: SITE cannot be reached: connect ECONNREFUSED SITE; given up after 2 attempts',
      );
      assert.match(
        result.error.hint,
        /^is this machine online\? a proxy is taken from HTTPS_PROXY and HTTP_PROXY/,
      );
    }));
});

describe('a download from a server that is busy', () => {
  it('comes back when the server asks it to', () =>
    fetching(
      inTurn(head(503, {'retry-after': '0'}), head(429), served(FILE)),
      {bytes: FILE.length},
      (seen) => {
        isComplete(seen);
        assert.deepEqual(seen.said, [
          'f.tgz: SITE/f.tgz answers 503 (not available now); trying again in … (1 of 6)',
          'f.tgz: SITE/f.tgz answers 429 (too many requests); trying again in … (2 of 6)',
        ]);
      },
    ));

  it('does not wait for hours', () =>
    fetching(head(503, {'retry-after': '7200'}), {bytes: FILE.length}, (seen) =>
      assert.equal(
        refusal(seen),
        '503: f.tgz: SITE/f.tgz answers 503 (not available now) | the server asks to come back in 120 minutes',
      ),
    ));

  it('does not ask again for what is not there', () =>
    fetching(head(404), {bytes: FILE.length}, (seen) => {
      assert.equal(
        refusal(seen),
        '- f.tgz: SITE/f.tgz answers 404 (not found) | look the address up again and change it in the stage\'s "urls"',
      );
      assert.deepEqual(seen.ranges, ['all']);
    }));
});

describe('a download of wrong bytes', () => {
  it('is deleted and fetched once more', () =>
    fetching(inTurn(served(OTHER), served(FILE)), {bytes: FILE.length}, (seen) => {
      isComplete(seen);
      assert.deepEqual(seen.ranges, ['all', 'all']);
      assert.deepEqual(seen.said, [
        `f.tgz: SITE/f.tgz has the SHA-256 ${sha256(OTHER)}, not ${sha256(FILE)}: it is deleted and fetched once more`,
      ]);
    }));

  it('is refused when they come again, and nothing of it stays', () =>
    fetching(served(OTHER), {bytes: FILE.length}, (seen) => {
      assert.equal(
        refusal(seen),
        `- f.tgz: SITE/f.tgz has the SHA-256 ${sha256(OTHER)}, not ${sha256(FILE)}, also when fetched again | ${COMPARE}`,
      );
      assert.deepEqual(seen.ranges, ['all', 'all']);
      assert.ok(!existsSync(join(seen.finished.resume, 'f.tgz.part')));
    }));

  it('is refused before a byte is written when the size is another', () =>
    fetching(served(OTHER), {bytes: 99_999}, (seen) => {
      assert.equal(
        refusal(seen),
        `- f.tgz: SITE/f.tgz has 100,000 bytes, where the configuration says 99,999 bytes | ${COMPARE}`,
      );
      assert.equal(readFileSync(join(seen.finished.resume, 'f.tgz.part')).length, 0);
    }));

  it('ends where the file should end', () =>
    fetching(raw(200, {}, Buffer.concat([FILE, FILE])), {bytes: FILE.length}, (seen) =>
      assert.equal(
        refusal(seen),
        `- f.tgz: SITE/f.tgz sends more than the 100,000 bytes that it should have, also when fetched again | ${COMPARE}`,
      ),
    ));
});

describe('a download from a server that', () => {
  it('has no Range begins again and says so', () =>
    fetching(
      served(FILE, {etag: '"v1"', ranges: false, cuts: [{after: 40_000, end: 'drop'}]}),
      {},
      (seen) => {
        isComplete(seen);
        assert.deepEqual(seen.ranges, ['all', 'bytes=40000- "v1"']);
        assert.equal(
          seen.said[1],
          'f.tgz: the server sends files only as a whole (no Range): begins again from the start',
        );
      },
    ));

  it('has no Range and always breaks off at the same place is given up', () => {
    const cuts = Array.from({length: 9}, () => ({after: 40_000, end: 'drop'}) as const);
    return fetching(served(FILE, {ranges: false, cuts}), {retries: 2}, (seen) => {
      assert.match(refusal(seen), /broke off; given up after 3 attempts/);
      assert.equal(seen.ranges.length, 3);
    });
  });

  it('changes the file in between begins again and says so', () =>
    fetching(
      inTurn(
        served(OTHER, {etag: '"v1"', cuts: [{after: 40_000, end: 'drop'}]}),
        served(FILE, {etag: '"v2"'}),
      ),
      {bytes: FILE.length},
      (seen) => {
        isComplete(seen);
        assert.deepEqual(seen.ranges, ['all', 'bytes=40000- "v1"']);
        assert.equal(seen.said[1], 'f.tgz: the file has changed on the server: begins again from the start');
      },
    ));

  it('sends another range than was asked for is asked for everything', () =>
    fetching(
      inTurn(
        served(FILE, {cuts: [{after: 40_000, end: 'drop'}]}),
        raw(206, {'content-range': 'bytes 30000-99999/100000'}, FILE.subarray(30_000)),
        served(FILE),
      ),
      {bytes: FILE.length},
      (seen) => {
        isComplete(seen);
        assert.deepEqual(seen.ranges, ['all', 'bytes=40000-', 'all']);
        assert.equal(
          seen.said[1],
          'f.tgz: the server sent bytes from 30,000 on instead of bytes from 40,000 on: begins again from the start',
        );
      },
    ));

  it('sends a range of a file of another size is asked for everything', () =>
    fetching(
      inTurn(
        served(FILE, {cuts: [{after: 40_000, end: 'drop'}]}),
        raw(206, {'content-range': 'bytes 40000-99999/120000'}, FILE.subarray(40_000)),
        served(FILE),
      ),
      {},
      (seen) => {
        isComplete(seen);
        assert.equal(seen.said[1], 'f.tgz: the file has changed on the server: begins again from the start');
      },
    ));

  it('announces more than it has, but has all, is believed for its bytes', () =>
    fetching(raw(200, {'content-length': FILE.length + 50}, FILE), {}, (seen) => {
      isComplete(seen);
      assert.equal(seen.ranges.filter((range) => range === 'all').length, 1);
    }));

  it('announces less than it has sends a file that is cut off', () =>
    fetching(served(FILE.subarray(0, 90_000)), {}, (seen) =>
      assert.equal(
        refusal(seen),
        `- f.tgz: SITE/f.tgz has the SHA-256 ${sha256(FILE.subarray(0, 90_000))}, not ${sha256(FILE)}, also when fetched again | ${COMPARE}`,
      ),
    ));

  it('has nothing after what is here is asked for everything', () =>
    withBench((bench) =>
      withSite({'/f.tgz': served(FILE)}, async (site) => {
        const resume = join(bench.write('shelf/f.tgz.part', Buffer.concat([OTHER, OTHER])), '..');
        const finished = await bench.run(download, wanted(site, {'f.tgz': FILE}), {resume});
        factsOf(finished);
        assert.deepEqual(notes(finished.news, site).slice(1), [
          'f.tgz: the server has nothing after its first 200,000 bytes: begins again from the start',
        ]);
      }),
    ));
});

describe('a page for people in place of a file', () => {
  const LOOK = 'open the address in a browser: does this network, or the server, want a login first?';
  const html = `<!DOCTYPE html>\n<html><head><title>Welcome to\n Airport WLAN</title></head><body>${'x'.repeat(9000)}`;

  it('is named, with its title', () =>
    fetching(page(html), {}, (seen) =>
      assert.equal(
        refusal(seen),
        `- f.tgz: SITE/f.tgz answers with a web page, "Welcome to Airport WLAN", not with the file | ${LOOK}`,
      ),
    ));

  it('is named also when it does not say so', () =>
    fetching(page(html, {type: 'application/octet-stream'}), {}, (seen) =>
      assert.equal(
        refusal(seen),
        `- f.tgz: SITE/f.tgz answers with a web page, "Welcome to Airport WLAN", not with the file | ${LOOK}`,
      ),
    ));

  it('is written over nothing that is here', () =>
    fetching(
      inTurn(served(FILE, {cuts: [{after: 40_000, end: 'drop'}]}), page(html)),
      {bytes: 100_000},
      (seen) => {
        assert.match(refusal(seen), /answers with a web page/);
        assert.deepEqual(readFileSync(join(seen.finished.resume, 'f.tgz.part')), FILE.subarray(0, 40_000));
      },
    ));

  it('and anything else that is no gzip file is named as well', () =>
    fetching(raw(200, {}, Buffer.from('{"error": "no such link"}')), {}, (seen) =>
      assert.equal(
        refusal(seen),
        `- f.tgz: SITE/f.tgz is no gzip file: it begins with "{\\"error\\": \\"no such link\\"" | ${COMPARE}`,
      ),
    ));
});
