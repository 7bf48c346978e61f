import assert from 'node:assert/strict';
import {existsSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {download} from '../../../pipeline/stages/download/stage.js';
import {head, inTurn, raw, served} from '../../http/routes.js';
import {type Site, withSite} from '../../http/site.js';
import {withBench} from '../rig.js';
import {FILE, fetching, isComplete, OTHER, refusal} from './one-file.js';
import {sha256, told, wanted} from './rig.js';

const COMPARE = 'is it another file? compare "files" and "urls" with their source';

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
        `f.tgz: what is here has the SHA-256 ${sha256(OTHER)}, not ${sha256(FILE)}: it is deleted and fetched once more`,
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
