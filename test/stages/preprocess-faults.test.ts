import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, truncateSync} from 'node:fs';
import {join} from 'node:path';
import {npyBytes, npyHeader, readRows} from '../../pipeline/stages/preprocess/npy.js';
import {openRowStore, type RowStore} from '../../pipeline/stages/preprocess/row-store.js';
import {preprocess} from '../../pipeline/stages/preprocess/stage.js';
import {withProject} from '../rig.js';
import {fill, withMount} from '../store/workplace.js';
import {dataEntry, datasetOf, entry} from './data.js';
import {digestOf, manyPngs, preprocessed, runAlone} from './preprocess-rig.js';
import {type Bench, type Finished, withBench} from './rig.js';

const SIGNAL = new AbortController().signal;

/** What a kill between the settling of the outputs and the rename leaves: the array of the attempt is read-only. */
function cutOffWhileRecorded({artifact, resume}: Finished): string {
  const array = join(resume, 'images.npy');
  assert.equal(statSync(array).ino, statSync(join(artifact.path, 'images.npy')).ino);
  chmodSync(array, 0o444);
  rmSync(artifact.path, {recursive: true});
  return resume;
}

async function rerun(bench: Bench, dataset: Finished, resume: string): Promise<Finished['artifact']['path']> {
  const out = join(bench.folder, 'again');
  const order = {dataset: dataset.artifact, out, resume, params: {size: 64}};
  await runAlone(order, {mayOverride: false});
  return out;
}

describe('preprocess, cut off while its result is recorded', () => {
  it('goes on for somebody who is not root', () =>
    withBench(async (bench) => {
      const dataset = await datasetOf(bench, manyPngs(5));
      const first = await preprocessed(bench, dataset);
      const whole = digestOf(first);
      const again = await rerun(bench, dataset, cutOffWhileRecorded(first));
      assert.equal(digestOf({artifact: {...first.artifact, path: again}}), whole);
    }));

  it('goes on when rows were lost as well', () =>
    withBench(async (bench) => {
      const dataset = await datasetOf(bench, manyPngs(5));
      const first = await preprocessed(bench, dataset);
      const whole = digestOf(first);
      const resume = cutOffWhileRecorded(first);
      const journal = join(resume, 'rows.ndjson');
      truncateSync(journal, statSync(journal).size - 20);
      const again = await rerun(bench, dataset, resume);
      assert.equal(digestOf({artifact: {...first.artifact, path: again}}), whole);
    }));

  it('begins anew when nothing of it can be used', () =>
    withBench(async (bench) => {
      const dataset = await datasetOf(bench, manyPngs(5));
      const first = await preprocessed(bench, dataset);
      const whole = digestOf(first);
      const resume = cutOffWhileRecorded(first);
      rmSync(join(resume, 'rows.ndjson'));
      const again = await rerun(bench, dataset, resume);
      assert.equal(digestOf({artifact: {...first.artifact, path: again}}), whole);
    }));
});

describe('images that are left out', () => {
  it('are told of one by one only as far as anybody reads', () =>
    withBench(async (bench) => {
      const bad = Object.fromEntries(
        Array.from({length: 25}, (_, at) => [`bad-${at}.png`, Buffer.from('?')]),
      );
      const dataset = await datasetOf(bench, {...bad, ...manyPngs(2)});
      const params = {size: 64, allow_unreadable: 25};
      const {news} = await bench.run(preprocess, params, {needs: [dataset.artifact]});
      const notes = news.flatMap((told) => (told.type === 'stage-note' ? [told.text] : []));
      assert.equal(notes.length, 11);
      assert.equal(notes.at(-1), '15 more images cannot be used; quarantine.csv lists all 25');
    }));

  it('are counted anew when fewer may be left out than before, and decoded once when more may', () =>
    withProject(async (project) => {
      project.write(
        'gate.yaml',
        'pipeline: gate\nstages:\n  data: {uses: acquire, params: {images: images, metadata: entries.csv}}\n  array: {uses: preprocess, params: {size: 64}}\n',
      );
      const files = {...manyPngs(3), 'bad.png': Buffer.from('?')};
      for (const [name, bytes] of Object.entries(files)) project.write(`images/${name}`, bytes);
      project.write('entries.csv', dataEntry(Object.keys(files).map((name, at) => entry(name, at + 1))));
      const lenient = await project.run(['run', 'gate.yaml', '-S', 'array.allow_unreadable=1']);
      assert.equal(lenient.code, 0, lenient.stderr);
      const strict = await project.run(['run', 'gate.yaml']);
      assert.equal(strict.code, 1, strict.stderr);
      assert.match(strict.stderr, /array +RUN +1 image is left out, 0 may be \(allow_unreadable\)/);
      assert.match(strict.stderr, /1 of 4 images cannot be used, 0 may be left out/);
      const again = await project.run(['run', 'gate.yaml', '-S', 'array.allow_unreadable=1']);
      assert.match(again.stderr, /array +SKIP/);
      const fresh = ['run', 'gate.yaml', '--home', 'fresh'];
      assert.equal((await project.run(fresh)).code, 1);
      const raised = await project.run([...fresh, '-S', 'array.allow_unreadable=1']);
      assert.equal(raised.code, 0, raised.stderr);
      assert.match(raised.stderr, /4 of 4 images are done from an earlier attempt/);
    }));

  it('need room for the array without them, which is asked for before it is written', async function () {
    await withBench(async (bench) => {
      const mounted = await withMount({folder: bench.folder, options: 'size=1m'}, async (disk) => {
        const dataset = await datasetOf(bench, {...manyPngs(100), 'bad.png': Buffer.from('?')});
        const params = {size: 64, allow_unreadable: 1};
        const needs = [dataset.artifact];
        const done = await bench.run(preprocess, params, {needs});
        const resume = join(disk, 'kept');
        mkdirSync(resume);
        execFileSync('cp', ['-r', `${done.resume}/.`, resume]);
        const order = {dataset: dataset.artifact, out: join(disk, 'out'), resume, params};
        const [first, ...fillers] = fill(disk);
        rmSync(first!);
        await assert.rejects(runAlone(order), /100 images at 64×64 pixels need 510 kB, and \d+ kB are free/);
        assert.ok(!existsSync(join(disk, 'out/index.csv')), 'nothing of it is written');
        for (const filler of fillers) rmSync(filler);
        assert.equal((await runAlone(order)).facts['decoded'], 0);
      });
      if (mounted) return;
      console.log('      skipped: a file system can be mounted by root only');
      this.skip();
    });
  });
});

describe('rows of an array', () => {
  it('are not made up where the file ends early', () =>
    withBench(async (bench) => {
      const shape = {rows: 3, size: 64};
      const file = bench.write('short.npy', Buffer.concat([npyHeader(shape), Buffer.alloc(3 * 4096, 7)]));
      truncateSync(file, npyBytes(shape) - 1);
      const read: number[] = [];
      const reading = async (): Promise<void> => {
        for await (const {row} of readRows(file, {rows: [0, 1, 2], size: 64, signal: SIGNAL})) read.push(row);
      };
      await assert.rejects(reading, {code: 'EIO', path: file});
      assert.deepEqual(read, [0, 1]);
    }));

  it('that only this moment could not make are no facts for the next attempt', () =>
    withBench(async (bench) => {
      const digests = ['0', '1'].map((digit) => digit.repeat(64));
      const open = (): Promise<RowStore> =>
        openRowStore({folder: bench.folder, size: 64, digests, signal: SIGNAL});
      const store = await open();
      const [first, second] = digests as [string, string];
      store.record([
        {row: 0, sha256: first, outcome: 'unreadable', reason: 'makes its decoder fail', passing: true},
        {row: 1, sha256: second, outcome: 'unreadable', reason: 'is empty'},
      ]);
      assert.equal(store.outcomes[0]?.outcome, 'unreadable');
      store.close();
      const again = await open();
      again.close();
      assert.equal(again.outcomes[0], undefined);
      assert.equal(again.outcomes[1]?.outcome, 'unreadable');
      assert.doesNotMatch(readFileSync(join(bench.folder, 'rows.ndjson'), 'utf8'), /decoder/);
    }));
});
