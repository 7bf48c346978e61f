import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {download} from '../../../pipeline/stages/download/stage.js';
import {head, inTurn, page, raw, served} from '../../http/routes.js';
import {type Route, withSite} from '../../http/site.js';
import {factsOf, faultsOf, withBench} from '../rig.js';
import {FILE, fetching, isComplete, OTHER, refusal} from './one-file.js';
import {notes, sha256, wanted} from './rig.js';

const COMPARE = 'is it another file? compare "files" and "urls" with their source';

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

  it('tells the size only beforehand, and is cut off, is asked for the rest', () => {
    const cutOff: Route = async (exchange) => {
      const {request, response, send} = exchange;
      if (request.method === 'HEAD' || exchange.visit > 0) return served(FILE, {etag: '"v1"'})(exchange);
      // Without a length, and without the chunks that would tell an end from a break.
      exchange.response.useChunkedEncodingByDefault = false;
      response.writeHead(200, {etag: '"v1"', connection: 'close'});
      await send(FILE.subarray(0, 60_000));
      response.end();
    };
    return fetching(cutOff, {}, (seen) => {
      isComplete(seen);
      assert.deepEqual(seen.ranges, ['all', 'bytes=60000- "v1"']);
      assert.deepEqual(seen.said, ['f.tgz: SITE sent 60 kB of 100 kB; trying again in … (1 of 6)']);
    });
  });

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

  it('takes the place of nothing that is here, also when the server says first that it has no more', () =>
    withBench((bench) => {
      const route = inTurn(head(416), page(html, {type: 'application/octet-stream'}));
      return withSite({'/f.tgz': route}, async (site) => {
        const part = bench.write('shelf/f.tgz.part', FILE.subarray(0, 90_000));
        const params = wanted(site, {'f.tgz': FILE}, {sizes: {'f.tgz': FILE.length}});
        const finished = await bench.run(download, params, {resume: join(part, '..')});
        assert.match(faultsOf(finished)[0]!.message, /answers with a web page/);
        assert.deepEqual(readFileSync(part), FILE.subarray(0, 90_000));
      });
    }));

  it('and anything else that is no gzip file is named as well', () =>
    fetching(raw(200, {}, Buffer.from('{"error": "no such link"}')), {}, (seen) =>
      assert.equal(
        refusal(seen),
        `- f.tgz: SITE/f.tgz is no gzip file: it begins with "{\\"error\\": \\"no such link\\"" | ${COMPARE}`,
      ),
    ));
});
