import assert from 'node:assert/strict';
import {mkdirSync} from 'node:fs';
import {join} from 'node:path';
import {FINDINGS, FOLDS} from '../../pipeline/model/findings.js';
import type {JsonObject} from '../../pipeline/model/json.js';
import type {ArtifactRef} from '../../pipeline/model/stage-kind.js';
import {readDataEntry} from '../../pipeline/stages/acquire/metadata.js';
import {type ImageRow, writeDataset} from '../../pipeline/stages/dataset.js';
import {dealPatients} from '../../pipeline/stages/split/seeded.js';
import {split} from '../../pipeline/stages/split/stage.js';
import {planCohort} from '../../pipeline/stages/synthesize/cohort.js';
import {synthesize} from '../../pipeline/stages/synthesize/stage.js';
import {
  artifactRef,
  type Bench,
  factsOf,
  faultsOf,
  NIH_LISTS,
  NIH_METADATA,
  needsRealData,
  spelledOut,
  withBench,
} from './rig.js';

const FRACTIONS = [0.7, 0.1, 0.2] as const;

function datasetWith(bench: Bench, rows: readonly ImageRow[]): ArtifactRef {
  const folder = join(bench.folder, 'dataset');
  mkdirSync(folder, {recursive: true});
  writeDataset(folder, {rows, boxes: [], inventory: []});
  return artifactRef(synthesize, folder, {});
}

function cohort(images: number): readonly ImageRow[] {
  return planCohort({images, seed: 5}).map(({row}) => row);
}

/** So many patients with one image each. */
function singles(count: number): readonly ImageRow[] {
  return Array.from({length: count}, (_, index) => ({
    image: `${index}.png`,
    patient: String(index + 1),
    age: 50,
    sex: 'F',
    view: 'PA',
    followUp: 0,
    findings: index % 2 === 0 ? ['Hernia'] : [],
  }));
}

type Card = Readonly<{
  digest: string;
  folds: Record<string, {images: number; patients: number; findings: Record<string, {percent: number}>}>;
  worst_deviation: {percentage_points: number};
  not_in_a_fold: number;
  lists: JsonObject & {labels_unlike_the_metadata: number};
}>;

describe('a seeded split', () => {
  it('gives every image a fold, in the order of the metadata, and no patient two', () =>
    withBench(async (bench) => {
      const rows = cohort(1000);
      const finished = await bench.run(split, {method: 'seeded'}, {needs: [datasetWith(bench, rows)]});
      factsOf(finished);
      const lines = finished.read('folds.csv').trimEnd().split('\n');
      assert.equal(lines[0], 'image,patient,fold');
      const cells = lines.slice(1).map((line) => line.split(','));
      assert.deepEqual(
        cells.map(([image]) => image),
        rows.map((row) => row.image),
      );
      const foldsOf = new Map<string, Set<string>>();
      for (const [, patient, fold] of cells) {
        foldsOf.set(patient!, (foldsOf.get(patient!) ?? new Set()).add(fold!));
      }
      assert.ok([...foldsOf.values()].every((folds) => folds.size === 1));
      assert.equal(finished.json('audit.json')['pass'], true);
    }));

  it('is the same for the same seed and another for another', () =>
    withBench(async (bench) => {
      const needs = [datasetWith(bench, cohort(300))];
      const runs = [];
      for (const seed of [1, 1, 2]) runs.push(await bench.run(split, {method: 'seeded', seed}, {needs}));
      const [first, again, other] = runs.map((run) => run.read('folds.csv'));
      assert.equal(first, again);
      assert.notEqual(first, other);
    }));

  it('fills every fold of a very small data set', () => {
    for (const count of [3, 4, 5, 9]) {
      const folds = dealPatients(singles(count), {seed: 0, fractions: FRACTIONS});
      assert.deepEqual([...new Set(folds)].sort(), ['test', 'train', 'val'], `${count} patients`);
    }
  });

  it('refuses two patients', () =>
    withBench(async (bench) => {
      const needs = [datasetWith(bench, singles(2))];
      const finished = await bench.run(split, {method: 'seeded'}, {needs});
      assert.deepEqual(spelledOut(faultsOf(finished)), [
        '- the data set has 2 patients: too few for three folds | take more images, of three patients at least',
      ]);
    }));

  it('refuses shares that do not add up', () => {
    const parsed = split.params.safeParse({method: 'seeded', fractions: [0.5, 0.1, 0.2]});
    assert.equal(parsed.error?.issues[0]?.message, 'the three shares must add up to 1');
  });

  it('balances the real data set to a hundredth of a percentage point, in a second', function () {
    needsRealData(this, NIH_METADATA);
    const read = readDataEntry(NIH_METADATA);
    assert.ok(read.ok);
    const {rows} = read.value;
    const before = process.cpuUsage();
    const deals = [0, 1].map((seed) => dealPatients(rows, {seed, fractions: FRACTIONS}));
    const {user, system} = process.cpuUsage(before);
    assert.ok((user + system) / 2 < 1e6, `${(user + system) / 2e6} s of processor time each`);
    for (const folds of deals) assertBalanced(rows, folds);
    const test = deals.map(
      (folds) => new Set(rows.filter((_, index) => folds[index] === 'test').map((row) => row.patient)),
    );
    const share = [...test[0]!].filter((patient) => test[1]!.has(patient)).length / test[0]!.size;
    assert.ok(share > 0.18 && share < 0.22, `two seeds share ${share} of the test patients`);
  });
});

function assertBalanced(rows: readonly ImageRow[], folds: readonly string[]): void {
  const patients = new Set(rows.map((row) => row.patient)).size;
  for (const [index, fold] of FOLDS.entries()) {
    const members = rows.filter((_, row) => folds[row] === fold);
    const within = (count: number, all: number): number => Math.abs(count / all / FRACTIONS[index]! - 1);
    assert.ok(within(members.length, rows.length) < 1e-3);
    assert.ok(within(new Set(members.map((row) => row.patient)).size, patients) < 1e-3);
    for (const finding of FINDINGS) {
      const has = (row: ImageRow): boolean => row.findings.includes(finding);
      const whole = rows.filter(has).length / rows.length;
      const images = members.filter(has).length;
      const points = 100 * Math.abs(images / members.length - whole);
      const relative = (Math.abs(images - whole * members.length) - 1) / (whole * members.length);
      assert.ok(points <= 0.05 && relative <= 0.02, `${finding} ${fold}: ${points} points, ${relative}`);
    }
  }
}

describe('a split by lists', () => {
  const rows = singles(6);
  const labels = '0 0 0 0 0 0 0 0 0 0 0 0 0 1';

  async function followLists(bench: Bench, lists: readonly [string, string, string]) {
    const [train, val, test] = lists.map((text, index) => bench.write(`${FOLDS[index]}.txt`, text));
    const params = {method: 'lists', train: train!, val: val!, test: test!};
    return bench.run(split, params, {needs: [datasetWith(bench, rows)]});
  }

  it('takes names with and without labels, the last line without its newline', () =>
    withBench(async (bench) => {
      const finished = await followLists(bench, [
        `images_001/0.png ${labels}\r\nimages_001/1.png ${labels}\r\n`,
        '2.png\n3.png',
        '5.png\n9.png\n',
      ]);
      const facts = factsOf(finished);
      assert.deepEqual([facts['train'], facts['val'], facts['test']], [2, 2, 1]);
      assert.equal(
        finished.read('folds.csv'),
        'image,patient,fold\n0.png,1,train\n1.png,2,train\n2.png,3,val\n3.png,4,val\n5.png,6,test\n',
      );
      const card = finished.json('card.json') as unknown as Card;
      assert.equal(card.not_in_a_fold, 1);
      assert.equal(card.lists.labels_unlike_the_metadata, 1);
      assert.equal((card.lists['test'] as JsonObject)['not_in_the_data_set'], 1);
    }));

  it('is refused with every fault at its place', () =>
    withBench(async (bench) => {
      const finished = await followLists(bench, [
        `0.png ${labels}\n1.png 0 1\n0.png\n`,
        `2.png ${labels.replace('1', '2')}\n1.png ${labels}\n`,
        '\n',
      ]);
      assert.deepEqual(spelledOut(faultsOf(finished)), [
        '2:1+9 this line has 2 labels after the name | write the name alone, or the name and 14 of 0 or 1, separated by spaces',
        '3:1+5 0.png is already in this list | an image belongs to one fold, once (first here 1:1+5)',
        '1:1+33 "2" is not a label | write the name alone, or the name and 14 of 0 or 1, separated by spaces',
        '2:1+5 1.png is already in another list | an image belongs to one fold, once (first here 2:1+5)',
        '1:1+1 this list is empty | it needs an image name per line',
      ]);
    }));

  it('fails when a patient is in two folds, and when a fold is empty', () =>
    withBench(async (bench) => {
      const shared = rows.map((row) => ({...row, patient: row.image === '5.png' ? '1' : row.patient}));
      const files = ['0.png\n', 'x.png\n', '5.png\n'].map((text, index) => bench.write(`${index}.txt`, text));
      const params = {method: 'lists', train: files[0]!, val: files[1]!, test: files[2]!};
      const finished = await bench.run(split, params, {needs: [datasetWith(bench, shared)]});
      assert.deepEqual(spelledOut(faultsOf(finished)), [
        '- the fold "val" is empty | take more images, or other lists',
        '- 1 patient in both train and test: 1 | a patient in two folds makes the scores look better than they are',
      ]);
    }));

  it('fails when no image is in the lists', () =>
    withBench(async (bench) => {
      const finished = await followLists(bench, ['a.png\n', 'b.png\n', 'c.png\n']);
      assert.deepEqual(spelledOut(faultsOf(finished)), [
        '- none of the 6 images of the data set is among the 3 images of the lists | ' +
          'do both belong to the same data set? images are matched by file name',
      ]);
    }));

  it('gives the 42 cells of Table 1 for the lists of CheXNet', async function () {
    const lists = FOLDS.map((fold) => join(NIH_LISTS, `${fold}_list.txt.gz`));
    needsRealData(this, NIH_METADATA, ...lists);
    const read = readDataEntry(NIH_METADATA);
    assert.ok(read.ok);
    await withBench(async (bench) => {
      const params = {method: 'lists', train: lists[0]!, val: lists[1]!, test: lists[2]!};
      const finished = await bench.run(split, params, {needs: [datasetWith(bench, read.value.rows)]});
      const facts = factsOf(finished);
      assert.deepEqual([facts['train'], facts['val'], facts['test']], [78_468, 11_219, 22_433]);
      const card = finished.json('card.json') as unknown as Card;
      const rounded = (part: Card['folds']): string[][] =>
        FINDINGS.map((name) => FOLDS.map((fold) => part[fold]!.findings[name]!.percent.toFixed(1)));
      assert.deepEqual(rounded(card.lists as unknown as Card['folds']), TABLE_1);
      const cells = rounded(card.folds).flat();
      assert.equal(cells.filter((cell, index) => cell === TABLE_1.flat()[index]).length, 39);
      assert.equal(card.lists.labels_unlike_the_metadata, 181);
      assert.deepEqual(
        FOLDS.map((fold) => card.folds[fold]!.patients),
        [21_528, 3_090, 6_187],
      );
    });
  });
});

/** Percent of images with each finding in train, val, test: Table 1 of the origin. */
const TABLE_1 = [
  ['10.2', '10.0', '10.8'],
  ['2.5', '2.1', '2.6'],
  ['11.8', '11.5', '12.3'],
  ['17.7', '18.0', '17.6'],
  ['5.1', '5.6', '5.1'],
  ['5.6', '5.5', '6.0'],
  ['1.2', '1.2', '1.1'],
  ['4.7', '4.5', '4.9'],
  ['4.2', '4.0', '4.3'],
  ['2.2', '1.8', '1.8'],
  ['2.3', '1.9', '2.3'],
  ['1.5', '1.5', '1.6'],
  ['2.9', '3.3', '3.3'],
  ['0.2', '0.4', '0.2'],
];
