import assert from 'node:assert/strict';
import {mkdirSync, readFileSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import type {StageNews} from '../../pipeline/model/stage-kind.js';
import type {RowOutcome} from '../../pipeline/stages/preprocess/row.js';
import {openRowStore, type RowStore} from '../../pipeline/stages/preprocess/row-store.js';
import {withProject} from '../rig.js';
import {fill, withMount} from '../store/workplace.js';
import {datasetOf} from './data.js';
import {digestOf, manyPngs, preprocessed} from './preprocess-rig.js';
import {type Bench, factsOf, withBench} from './rig.js';

/** Runs the body with a small file system, or skips the test aloud where nobody may mount. */
async function onSmallDisk(
  context: Mocha.Context,
  options: string,
  body: (bench: Bench, disk: string) => Promise<void>,
): Promise<void> {
  await withBench(async (bench) => {
    if (await withMount({folder: bench.folder, options}, (disk) => body(bench, disk))) return;
    console.log('      skipped: a file system can be mounted by root only');
    context.skip();
  });
}

describe('preprocess on a disk that is too small', () => {
  it('says before it begins how much space it needs, and goes on once there is enough', async function () {
    await onSmallDisk(this, 'size=700k', async (bench, disk) => {
      const dataset = await datasetOf(bench, manyPngs(100));
      const resume = join(disk, 'kept');
      mkdirSync(resume);
      const [first, second, ...fillers] = fill(disk);
      for (const filler of [first!, second!]) rmSync(filler);
      const refused = await preprocessed(bench, dataset, {resume});
      assert.ok(!refused.result.ok && refused.result.error.reason === 'system');
      const {code, path, message, hint} = refused.result.error;
      assert.deepEqual([code, path], ['ENOSPC', resume]);
      assert.match(message, /\/kept: 100 images at 64×64 pixels need 510 kB, and 1\d\d kB are free$/);
      assert.match(hint, /^free some space and run again, nothing is lost/);
      for (const filler of fillers) rmSync(filler);
      assert.equal(factsOf(await preprocessed(bench, dataset, {resume}))['decoded'], 100);
    });
  });

  it('fails with the file that could not be written when others fill the disk meanwhile; then nothing is lost', async function () {
    await onSmallDisk(this, 'size=4m', async (bench, disk) => {
      const dataset = await datasetOf(bench, manyPngs(100));
      const undisturbed = await preprocessed(bench, dataset);
      const resume = join(disk, 'kept');
      mkdirSync(resume);
      let fillers: readonly string[] = [];
      // The note comes when the space was found to be enough, and before anything is decoded.
      const onNews = ({type}: StageNews): void => {
        if (type === 'stage-note' && fillers.length === 0) fillers = fill(disk);
      };
      const old = await preprocessed(bench, await datasetOf(bench, manyPngs(10)));
      const options = {resume, earlier: [old.artifact]};
      await assert.rejects(
        preprocessed(bench, dataset, {...options, onNews}),
        (error: NodeJS.ErrnoException) => {
          assert.deepEqual([error.code, typeof error.errno, error.syscall], ['ENOSPC', 'number', 'write']);
          assert.match(error.path ?? '', /\/kept\/(images\.npy|rows\.ndjson)$/);
          return true;
        },
      );
      const journal = readFileSync(join(resume, 'rows.ndjson'), 'utf8');
      const recorded = journal.split('\n').length - 2;
      assert.ok(recorded >= 10, 'what was taken over is kept');
      for (const filler of fillers) rmSync(filler);
      const finished = await preprocessed(bench, dataset, options);
      assert.equal(factsOf(finished)['decoded'], 100 - recorded);
      assert.equal(digestOf(finished), digestOf(undisturbed));
    });
  });

  it('keeps whole lines in its journal when a piece of it did not fit', async function () {
    await onSmallDisk(this, 'size=200k', async (_, disk) => {
      const rows = Array.from({length: 200}, (_unused, row) => unreadable(row));
      const store = await open(disk);
      store.record(rows.slice(0, 3));
      const fillers = fill(disk);
      assert.throws(() => store.record(rows.slice(3)), {code: 'ENOSPC', path: join(disk, 'rows.ndjson')});
      store.close();
      const [, ...lines] = readFileSync(join(disk, 'rows.ndjson'), 'utf8').trimEnd().split('\n');
      assert.deepEqual(
        lines.map((line) => JSON.parse(line)),
        rows.slice(0, 3),
      );
      for (const filler of fillers) rmSync(filler);
      const again = await open(disk);
      again.record(rows.slice(3));
      again.close();
      const last = await open(disk);
      assert.deepEqual(last.outcomes, rows);
      last.close();
    });
  });

  it('ends a run with one message that says what is needed and what is free', async function () {
    this.timeout(120_000);
    await withProject(async (project) => {
      const mount = {folder: project.folder, options: 'size=6m'};
      const mounted = await withMount(mount, async (home) => {
        project.write(
          'small.yaml',
          'pipeline: small\nstages:\n  data: {uses: synthesize, params: {images: 8, size: 256}}\n  array: {uses: preprocess, params: {size: 1024}}\n',
        );
        const {code, stderr} = await project.run(['run', 'small.yaml'], {environment: {PIPELINE_HOME: home}});
        assert.equal(code, 1, stderr);
        assert.match(stderr, /8 images at 1024×1024 pixels need 8\.4 MB, and \d\.\d MB are free/);
        assert.match(stderr, /free some space and run again, nothing is lost/);
        assert.doesNotMatch(stderr, /\n\s+at /);
      });
      if (mounted) return;
      console.log('      skipped: a file system can be mounted by root only');
      this.skip();
    });
  });
});

function unreadable(row: number): RowOutcome {
  return {
    row,
    sha256: String(row).padStart(64, '0'),
    outcome: 'unreadable',
    reason: 'is of no use '.repeat(20),
  };
}

function open(folder: string): Promise<RowStore> {
  const digests = Array.from({length: 200}, (_, row) => String(row).padStart(64, '0'));
  return openRowStore({folder, size: 64, digests, signal: new AbortController().signal});
}
