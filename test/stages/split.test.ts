import assert from 'node:assert/strict';
import {createHash} from 'node:crypto';
import {FINDINGS, type Finding, FOLDS} from '../../pipeline/model/findings.js';
import type {JsonObject} from '../../pipeline/model/json.js';
import {dealPatients} from '../../pipeline/stages/split/deal.js';
import {split} from '../../pipeline/stages/split/stage.js';
import {type Bench, factsOf, faultsOf, spelledOut, withBench} from './rig.js';
import {cellsOf, cohort, datasetWith, imageOf, singles} from './split-rig.js';

const FRACTIONS = [0.7, 0.1, 0.2] as const;

describe('a seeded split', () => {
  it('gives every image a fold, in the order of the metadata, and no patient two', () =>
    withBench(async (bench) => {
      const rows = cohort(1000);
      const finished = await bench.run(split, {method: 'seeded'}, {needs: [datasetWith(bench, rows)]});
      factsOf(finished);
      assert.match(finished.read('folds.csv'), /^image,patient,fold\n/);
      const cells = cellsOf(finished, 'folds.csv');
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

  it('is the same on every machine', () =>
    withBench(async (bench) => {
      const findings = (patient: number, number: number): readonly Finding[] =>
        FINDINGS.filter((_, index) => (patient * 31 + number * 17) % (index + 5) === 0);
      const rows = Array.from({length: 500}, (_, patient) =>
        Array.from({length: 1 + ((patient * patient) % 7)}, (_, number) =>
          imageOf(patient + 1, number, {findings: findings(patient, number)}),
        ),
      ).flat();
      const needs = [datasetWith(bench, rows)];
      const finished = await bench.run(split, {method: 'seeded', seed: 7}, {needs});
      factsOf(finished);
      const digest = createHash('sha256').update(finished.read('folds.csv')).digest('hex');
      assert.equal(digest, '60cee62864cf882ef7c2a469f4be867c18f8ab89540515f90d3e5455027540b3');
    }));

  it('fills every fold of a very small data set', () => {
    for (const count of [3, 4, 5, 9]) {
      const parts = dealPatients(singles(count), {seed: 0, fractions: FRACTIONS});
      assert.deepEqual([...new Set(parts)].sort(), [0, 1, 2], `${count} patients`);
    }
  });

  it('refuses two patients', () =>
    withBench(async (bench) => {
      const needs = [datasetWith(bench, singles(2))];
      const finished = await bench.run(split, {method: 'seeded'}, {needs});
      assert.deepEqual(spelledOut(faultsOf(finished)), [
        '- the data set has 2 patients: too few for three folds | take more images, of 3 patients at least',
      ]);
    }));

  it('refuses shares that do not add up', () => {
    const parsed = split.params.safeParse({method: 'seeded', fractions: [0.5, 0.1, 0.2]});
    assert.equal(parsed.error?.issues[0]?.message, 'the three shares must add up to 1');
  });
});

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
      const card = finished.json('card.json');
      const lists = card['lists'] as Record<string, JsonObject>;
      assert.equal(card['not_in_a_fold'], 1);
      assert.equal(lists['labels_unlike_the_metadata'], 1);
      assert.equal(lists['test']!['not_in_the_data_set'], 1);
      assert.match(
        String((card['table_1'] as JsonObject)['note']),
        /^Images are missing, so nothing can be compared/,
      );
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

  it('is refused when a line names no image, with what it says spelled out', () =>
    withBench(async (bench) => {
      const finished = await followLists(bench, [
        'images/\n\u202e0.png\n=cmd 0\n0.png\r1.png\n',
        `  2.png ${labels.replace('1', '\x1b')}\n`,
        `3.png${'\t1'.repeat(6000)}\n4.png\n`,
      ]);
      const plain = ' | a line begins with the name of a file, like 00000001_000.png';
      assert.deepEqual(spelledOut(faultsOf(finished)), [
        `1:1+7 "images/" names no image${plain}`,
        `2:1+6 "\\u202e0.png" has characters that cannot be seen${plain}`,
        `3:1+4 "=cmd" begins with =, which spreadsheets take for a formula${plain}`,
        '3:1+6 this line has 1 labels after the name | write the name alone, or the name and 14 of 0 or 1, separated by spaces',
        `4:1+11 "0.png\\u000d1.png" has characters that cannot be seen${plain}`,
        '1:3+33 "\\u001b" is not a label | write the name alone, or the name and 14 of 0 or 1, separated by spaces',
        '1:1+12005 this line is longer than 10,000 characters | is this the right file?',
      ]);
    }));

  it('is refused with more lines than there are radiographs, in no time', () =>
    withBench(async (bench) => {
      const many = Array.from({length: 1_000_001}, (_, line) => `${line}\n`).join('');
      const finished = await followLists(bench, [many, 'b.png', 'c.png']);
      assert.deepEqual(spelledOut(faultsOf(finished)), [
        '1000001:1+7 this list has more than 1,000,000 lines | is this the right file?',
      ]);
    }));

  it('fails when a patient is in two folds, and when a fold is empty', () =>
    withBench(async (bench) => {
      const shared = rows.map((row) => ({...row, patient: row.image === '5.png' ? '1' : row.patient}));
      const files = ['0.png\n', 'x.png\n', '5.png\n'].map((text, index) => bench.write(`${index}.txt`, text));
      const params = {method: 'lists', train: files[0]!, val: files[1]!, test: files[2]!};
      const finished = await bench.run(split, params, {needs: [datasetWith(bench, shared)]});
      assert.deepEqual(spelledOut(faultsOf(finished), finished.resume), [
        '- the fold "val" is empty | take more images, or other folds',
        '- leakage audit: patients in more than one fold: train and val: 0; train and test: 1; val and test: 0 ' +
          '(for example 1 in train, test) | scores would look better than they are; to go on all the same, ' +
          'accept it by name: accept: [patient-overlap]; what was found is in audit.json',
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
});
