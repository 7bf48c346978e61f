import assert from 'node:assert/strict';
import {existsSync, readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {download} from '../../../pipeline/stages/download/stage.js';
import {head, served} from '../../http/routes.js';
import {type Route, type Site, withSite} from '../../http/site.js';
import {type Bench, factsOf, faultsOf, spelledOut, withBench} from '../rig.js';
import {noise, notes, sha256, told, until, wanted} from './rig.js';

const A = noise(30_000, 1);
const B = noise(200_000, 2);

/** A site that has the files under their names, and a folder to work in. */
function withFiles(
  contents: Readonly<Record<string, Uint8Array>>,
  body: (site: Site, bench: Bench) => Promise<void>,
): Promise<void> {
  const routes = Object.fromEntries(
    Object.entries(contents).map(([name, content]): [string, Route] => [
      `/${name}`,
      served(content, {etag: `"${sha256(content).slice(0, 8)}"`}),
    ]),
  );
  return withBench((bench) => withSite(routes, (site) => body(site, bench)));
}

describe('download', () => {
  it('fetches every file and lists them with their SHA-256', () =>
    withFiles({'a.tgz': A, 'b.bin': B}, async (site, bench) => {
      const finished = await bench.run(download, wanted(site, {'a.tgz': A, 'b.bin': B}));
      assert.deepEqual(factsOf(finished), {archives: 2, bytes: 230_000, fetched_bytes: 230_000});
      assert.equal(
        finished.read('archives.csv'),
        `archive,sha256,bytes\na.tgz,${sha256(A)},30000\nb.bin,${sha256(B)},200000\n`,
      );
      assert.deepEqual(readFileSync(join(finished.artifact.path, 'a.tgz')), A);
      assert.deepEqual(readFileSync(join(finished.artifact.path, 'b.bin')), B);
      assert.deepEqual(notes(finished.news, site), []);
      assert.equal(site.sentBytes(), 230_000);
    }));

  it('keeps one copy of each file on the disk', () =>
    withFiles({'a.tgz': A}, async (site, bench) => {
      const {artifact, resume} = await bench.run(download, wanted(site, {'a.tgz': A}));
      assert.equal(statSync(join(artifact.path, 'a.tgz')).ino, statSync(join(resume, 'a.tgz')).ino);
    }));

  it('tells how far it is in bytes', () =>
    withFiles({'a.tgz': A, 'b.bin': B}, async (site, bench) => {
      const {news} = await bench.run(download, wanted(site, {'a.tgz': A, 'b.bin': B}));
      const progress = news.filter(({type}) => type === 'stage-progress');
      assert.deepEqual(progress.at(0), {type: 'stage-progress', done: 0, total: 230_000, unit: 'bytes'});
      assert.deepEqual(progress.at(-1), {
        type: 'stage-progress',
        done: 230_000,
        total: 230_000,
        unit: 'bytes',
      });
    }));

  it('asks for no more than so many files at the same time', () => {
    const names = Array.from({length: 9}, (_, index) => `${index}.bin`);
    // An answer comes only when three are asked for.
    const held: (() => void)[] = [];
    const together: Route = async (exchange) => {
      await new Promise<void>((resolve) => {
        held.push(resolve);
        if (held.length === 3) for (const release of held.splice(0)) release();
      });
      await served(A)(exchange);
    };
    const routes = Object.fromEntries(names.map((name) => [`/${name}`, together]));
    return withBench((bench) =>
      withSite(routes, async (site) => {
        const params = wanted(site, Object.fromEntries(names.map((name) => [name, A])));
        factsOf(await bench.run(download, {...params, connections: 3}));
        assert.equal(site.mostAtOnce(), 3);
      }),
    );
  });

  it('fetches nothing that an earlier attempt has finished, and does not read it again', () =>
    withFiles({'a.tgz': A, 'b.bin': B}, async (site, bench) => {
      const params = wanted(site, {'a.tgz': A, 'b.bin': B});
      const {resume} = await bench.run(download, params);
      const asked = site.requests.length;
      const again = await bench.run(download, params, {resume});
      assert.deepEqual(factsOf(again), {archives: 2, bytes: 230_000, fetched_bytes: 0});
      assert.equal(site.requests.length, asked);
      assert.deepEqual(notes(again.news, site), [
        '230 kB are here from an earlier attempt, 2 files of 2 whole',
      ]);
    }));

  it('fetches a finished file again that is not as it was', () =>
    withFiles({'a.tgz': A}, async (site, bench) => {
      const params = wanted(site, {'a.tgz': A});
      const {resume} = await bench.run(download, params);
      writeFileSync(join(resume, 'a.tgz'), B);
      const again = await bench.run(download, params, {resume});
      assert.equal(factsOf(again)['fetched_bytes'], 30_000);
      assert.deepEqual(readFileSync(join(again.artifact.path, 'a.tgz')), A);
      assert.deepEqual(notes(again.news, site), [
        'reads 200 kB that are here, to be sure of them',
        `a.tgz: what is here has the SHA-256 ${sha256(B)}, not ${sha256(A)}: it is deleted`,
      ]);
    }));

  it('takes a file that somebody put there, once it has read it', () =>
    withFiles({'a.tgz': A}, async (site, bench) => {
      const resume = join(bench.write('mine/a.tgz', A), '..');
      const finished = await bench.run(download, wanted(site, {'a.tgz': A}), {resume});
      assert.equal(factsOf(finished)['fetched_bytes'], 0);
      assert.equal(site.requests.length, 0);
    }));

  it('refuses a download for which there is no room before it fetches anything', () =>
    withFiles({'a.tgz': A}, async (site, bench) => {
      const params = wanted(site, {'a.tgz': A}, {sizes: {'a.tgz': 9e15}});
      const {result, resume} = await bench.run(download, params);
      assert.ok(!result.ok && result.error.reason === 'system');
      assert.equal(result.error.code, 'ENOSPC');
      assert.match(result.error.message, /^the download needs 9\.0 PB, and \d+(\.\d)? [MGT]B are free in \//);
      assert.equal(result.error.path, resume);
      assert.match(result.error.hint, /^free some space, or keep the state elsewhere/);
      assert.equal(site.requests.length, 0);
    }));

  it('asks for the size with HEAD, and with the first byte where that is refused', () =>
    withBench((bench) =>
      withSite({'/a.tgz': served(A, {head: false})}, async (site) => {
        const finished = await bench.run(download, wanted(site, {'a.tgz': A}));
        factsOf(finished);
        assert.deepEqual(
          site.requests.map(({method, range}) => `${method} ${range}`),
          ['HEAD ', 'GET bytes=0-0', 'GET '],
        );
        assert.deepEqual(finished.news.at(-1), {
          ...{type: 'stage-progress', done: 30_000, total: 30_000, unit: 'bytes'},
        });
      }),
    ));

  it('does not ask a server twice for a size that keeps silent, and says so', () =>
    withBench((bench) => {
      const silent: Route = (exchange) =>
        exchange.request.method === 'HEAD' ? undefined : served(A)(exchange);
      return withSite({'/a.tgz': silent}, async (site) => {
        const finished = await bench.run(download, wanted(site, {'a.tgz': A}, {stall_seconds: 0.1}));
        factsOf(finished);
        assert.deepEqual(
          site.requests.map(({method, range}) => `${method} ${range}`.trim()),
          ['HEAD', 'GET'],
        );
        assert.deepEqual(notes(finished.news, site), [
          'a.tgz: its size is not known: SITE sent nothing for 0.1 s',
        ]);
      });
    }));

  it('asks for no size that the configuration gives', () =>
    withFiles({'a.tgz': A}, async (site, bench) => {
      const files = {'a.tgz': {sha256: sha256(A).toUpperCase()}};
      const sizes = {'a.tgz': A.length};
      factsOf(await bench.run(download, {...wanted(site, {'a.tgz': A}), files, sizes}));
      assert.deepEqual(
        site.requests.map(({method}) => method),
        ['GET'],
      );
    }));

  it('fetches an empty file', () =>
    withFiles({empty: Buffer.alloc(0), one: Buffer.from('x')}, async (site, bench) => {
      const contents = {empty: Buffer.alloc(0), one: Buffer.from('x')};
      const finished = await bench.run(download, wanted(site, contents));
      assert.equal(factsOf(finished)['bytes'], 1);
      assert.equal(finished.read('empty'), '');
      assert.equal(finished.read('one'), 'x');
    }));

  it('gives a name and a password of the url to its server, and never shows them', () =>
    withBench((bench) =>
      withSite({'/a.tgz': head(401)}, async (site) => {
        const url = site.url('/a.tgz').replace('//', '//anna:se%20cret@');
        const finished = await bench.run(download, {
          ...wanted(site, {'a.tgz': A}),
          urls: {'a.tgz': `${url}?k=s3`},
        });
        const sent = `Basic ${Buffer.from('anna:se cret').toString('base64')}`;
        assert.ok(site.requests.every(({authorization}) => authorization === sent));
        const faults = spelledOut(faultsOf(finished)).map((text) => told(text, site));
        assert.deepEqual(faults, [
          '- a.tgz: SITE/a.tgz?… answers 404 (not found) | look the address up again and change it in the stage\'s "urls"',
        ]);
        assert.doesNotMatch(JSON.stringify(finished.news), /cret|s3/);
      }),
    ));

  it('goes on with the others where one file cannot be had, and tells all that are missing', () =>
    withFiles({'a.tgz': A}, async (site, bench) => {
      const names = ['a.tgz', 'b.tgz', 'c.tgz', 'd.tgz', 'e.tgz', 'f.tgz'];
      const params = wanted(site, Object.fromEntries(names.map((name) => [name, A])));
      const finished = await bench.run(download, params);
      assert.deepEqual(
        faultsOf(finished).map(({message}) => told(message, site)),
        [
          ...['b', 'c', 'd'].map((name) => `${name}.tgz: SITE/${name}.tgz answers 404 (not found)`),
          'nor came e.tgz and f.tgz',
        ],
      );
      assert.equal(notes(finished.news, site).length, 5);
      assert.ok(existsSync(join(finished.resume, 'a.tgz')));
      assert.deepEqual(readdirSync(finished.artifact.path), []);
    }));

  it('stops at once when it is told to, and goes on from there', () =>
    withBench(async (bench) => {
      const stop = new AbortController();
      const cuts = [{after: 120_000, end: 'stall'} as const];
      await withSite({'/b.bin': served(B, {etag: '"b"', cuts})}, async (site) => {
        const params = wanted(site, {'b.bin': B});
        const resume = join(bench.write('shelf/readme', ''), '..');
        const running = bench.run(download, params, {signal: stop.signal, resume});
        await until(() => sizeOf(join(resume, 'b.bin.part')) === 120_000);
        stop.abort();
        const {result} = await running;
        assert.ok(!result.ok && result.error.reason === 'exited');
        assert.match(result.error.message, /^stopped before its end/);
        const second = await bench.run(download, params, {resume});
        assert.deepEqual(readFileSync(join(second.artifact.path, 'b.bin')), B);
        assert.deepEqual(
          site.requests.map(({method, range, ifRange}) => `${method} ${range} ${ifRange}`.trim()),
          ['HEAD', 'GET', 'GET bytes=120000- "b"'],
        );
      });
    }));
});

function sizeOf(path: string): number {
  return statSync(path, {throwIfNoEntry: false})?.size ?? 0;
}
