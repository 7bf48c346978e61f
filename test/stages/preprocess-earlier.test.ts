import assert from 'node:assert/strict';
import {readFileSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {withProject} from '../rig.js';
import {dataEntry, datasetOf, entry} from './data.js';
import {grayPng, makePng} from './png-maker.js';
import {digestOf, type Files, killAfterSome, manyPngs, preprocessed} from './preprocess-rig.js';
import {type Bench, type Finished, factsOf, withBench} from './rig.js';

function notesOf(finished: Finished): readonly string[] {
  return finished.news.flatMap((news) => (news.type === 'stage-note' ? [news.text] : []));
}

/** The stage of these files with the artifacts of earlier runs, and of the same files alone: to be equal. */
async function withEarlier(
  bench: Bench,
  files: Files,
  earlier: readonly Finished[],
): Promise<Readonly<{facts: ReturnType<typeof factsOf>; notes: readonly string[]}>> {
  const dataset = await datasetOf(bench, files);
  const reusing = await preprocessed(bench, dataset, {earlier: earlier.map(({artifact}) => artifact)});
  const facts = factsOf(reusing);
  assert.equal(digestOf(reusing), digestOf(await preprocessed(bench, dataset)));
  return {facts, notes: notesOf(reusing)};
}

const INTERLACED = makePng({
  ...{width: 64, height: 32, colourType: 0, depth: 8, interlaced: true},
  pixel: (x, y) => [x + y],
});

describe('preprocess, after an earlier run', () => {
  it('decodes only the images that are new, wherever they come in the order, and says so', () =>
    withBench(async (bench) => {
      const some = await preprocessed(bench, await datasetOf(bench, manyPngs(40)));
      const more = {...manyPngs(5, {first: 900}), ...manyPngs(40), ...manyPngs(5, {first: 950})};
      const {facts, notes} = await withEarlier(bench, more, [some]);
      assert.deepEqual([facts['images'], facts['decoded'], facts['taken_over']], [50, 10, 40]);
      assert.deepEqual(notes, ['40 of 50 images are taken over from an earlier run; 10 to decode']);
    }));

  it('goes by content, not by name: an image that was replaced is decoded, one that was renamed is not', () =>
    withBench(async (bench) => {
      const first = await preprocessed(
        bench,
        await datasetOf(bench, {...manyPngs(3), 'odd.png': INTERLACED}),
      );
      const {'0.png': zero, ...others} = manyPngs(3);
      const files = {
        ...others,
        'odd.png': INTERLACED,
        'copy.png': zero!,
        'twin.png': zero!,
        '1.png': grayPng(96, 96, 77),
      };
      const {facts} = await withEarlier(bench, files, [first]);
      assert.deepEqual([facts['decoded'], facts['taken_over'], facts['interlaced']], [1, 4, 1]);
    }));

  it('takes what the newest artifact lacks from older ones', () =>
    withBench(async (bench) => {
      const old = await preprocessed(bench, await datasetOf(bench, manyPngs(20)));
      const newer = await preprocessed(bench, await datasetOf(bench, manyPngs(20, {first: 15})));
      const {facts} = await withEarlier(bench, manyPngs(40), [newer, old]);
      assert.deepEqual([facts['decoded'], facts['taken_over']], [5, 35]);
    }));

  it('reads no image that it takes over, and tells nobody when there is none', () =>
    withBench(async (bench) => {
      const dataset = await datasetOf(bench, manyPngs(3));
      const first = await preprocessed(bench, dataset);
      rmSync(join(bench.folder, 'images'), {recursive: true});
      const again = await preprocessed(bench, dataset, {earlier: [first.artifact]});
      assert.deepEqual([factsOf(again)['decoded'], factsOf(again)['taken_over']], [0, 3]);
      const {notes} = await withEarlier(bench, manyPngs(2, {first: 8}), [first]);
      assert.deepEqual(notes, []);
    }));

  it('happens by itself when images are added to a data set', () =>
    withProject(async (project) => {
      project.write(
        'more.yaml',
        'pipeline: more\nstages:\n  data: {uses: acquire, params: {images: images, metadata: entries.csv}}\n  array: {uses: preprocess, params: {size: 64}}\n',
      );
      const write = (files: Files): void => {
        for (const [name, bytes] of Object.entries(files)) project.write(`images/${name}`, bytes);
        const rows = Object.keys(files).map((name, index) => entry(name, index + 1));
        project.write('entries.csv', dataEntry(rows));
      };
      write(manyPngs(12));
      const first = await project.run(['run', 'more.yaml']);
      assert.equal(first.code, 0, first.stderr);
      assert.doesNotMatch(first.stderr, /are taken over/);
      write({...manyPngs(12), ...manyPngs(3, {first: 100})});
      const second = await project.run(['run', 'more.yaml']);
      assert.equal(second.code, 0, second.stderr);
      assert.match(second.stderr, /12 of 15 images are taken over from an earlier run; 3 to decode/);
    }));

  it('takes over nothing twice after a SIGKILL', () =>
    withBench(async (bench) => {
      const old = await preprocessed(bench, await datasetOf(bench, manyPngs(200, {side: 64})));
      const dataset = await datasetOf(bench, manyPngs(400, {side: 64}));
      const undisturbed = await preprocessed(bench, dataset);
      const resume = join(bench.folder, 'kept');
      bench.write('kept/.keep', '');
      const earlier = [old.artifact];
      const order = {dataset: dataset.artifact, earlier, out: join(bench.folder, 'killed'), resume};
      const recorded = await killAfterSome(0, {...order, params: {size: 64}});
      const finished = await preprocessed(bench, dataset, {resume, earlier});
      const facts = factsOf(finished);
      const done = Number(facts['decoded']) + Number(facts['taken_over']);
      assert.ok(done <= 400 - recorded, `${done} done after ${recorded} were recorded`);
      assert.equal(digestOf(finished), digestOf(undisturbed));
      const journal = readFileSync(join(resume, 'rows.ndjson'), 'utf8').trimEnd().split('\n').slice(1);
      assert.equal(new Set(journal.map((line) => JSON.parse(line).row)).size, journal.length);
    }));
});
