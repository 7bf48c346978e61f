import assert from 'node:assert/strict';
import {join} from 'node:path';
import {FINDINGS, FOLDS} from '../../pipeline/model/findings.js';
import type {JsonObject} from '../../pipeline/model/json.js';
import {readDataEntry} from '../../pipeline/stages/acquire/metadata.js';
import type {ImageRow} from '../../pipeline/stages/dataset.js';
import {dealPatients} from '../../pipeline/stages/split/deal.js';
import {split} from '../../pipeline/stages/split/stage.js';
import {type Finished, factsOf, faultsOf, NIH_LISTS, NIH_METADATA, needsRealData, withBench} from './rig.js';
import {checkOf, datasetWith} from './split-rig.js';

const FRACTIONS = [0.7, 0.1, 0.2] as const;
const SEEDS = [0, 1, 2, 3, 4, 5, 6, 7];
const LISTS = FOLDS.map((fold) => join(NIH_LISTS, `${fold}_list.txt.gz`));

describe('the real metadata, all 112,120 rows,', function () {
  this.timeout(180_000);
  let rows: readonly ImageRow[] = [];

  before(function () {
    needsRealData(this, NIH_METADATA, ...LISTS);
    const read = readDataEntry(NIH_METADATA);
    assert.ok(read.ok);
    rows = read.value.rows;
  });

  it('are dealt evenly by every seed, in a second, and never twice the same', () => {
    const before = process.cpuUsage();
    const deals = SEEDS.map((seed) => dealPatients(rows, {seed, fractions: FRACTIONS}));
    const {user, system} = process.cpuUsage(before);
    assert.ok(
      (user + system) / SEEDS.length < 1e6,
      `${(user + system) / SEEDS.length} µs of processor time each`,
    );
    for (const parts of deals) assertBalanced(rows, {parts, fractions: FRACTIONS});
    const tests = deals.map((parts) => new Set(rows.filter((_, row) => parts[row] === 2).map(patientOf)));
    for (const [index, test] of tests.entries()) {
      for (const other of tests.slice(0, index)) {
        const shared = [...test].filter((patient) => other.has(patient)).length / test.size;
        assert.ok(shared > 0.18 && shared < 0.22, `two seeds share ${shared} of the test patients`);
      }
    }
    assert.deepEqual(dealPatients(rows, {seed: 3, fractions: FRACTIONS}), deals[3]);
  });

  it('are dealt to the parts of a cross-validation as evenly', () => {
    for (const k of [5, 10]) {
      const fractions = Array.from({length: k}, () => 1 / k);
      assertBalanced(rows, {parts: dealPatients(rows, {seed: 1, fractions}), fractions});
    }
  });

  it('give the 42 cells of Table 1 with the lists of CheXNet, and 39 with their own labels', () =>
    withBench(async (bench) => {
      const params = {method: 'lists', train: LISTS[0]!, val: LISTS[1]!, test: LISTS[2]!};
      const finished = await bench.run(split, params, {needs: [datasetWith(bench, rows)]});
      const facts = factsOf(finished);
      assert.deepEqual([facts['train'], facts['val'], facts['test']], [78_468, 11_219, 22_433]);
      assert.equal(facts['table_1'], '42 of 42 cells');
      const card = finished.json('card.json');
      assert.equal((card['labels'] as JsonObject)['state'], 'C');
      assert.deepEqual(card['table_1'], {
        cells_equal: 42,
        of: 42,
        with_metadata_labels: 39,
        note:
          'Cells as in the published Table 1, rounded to 0.1 per cent: 42 of 42 with the labels of the lists, 39 of 42 ' +
          'with the labels of the metadata. The publisher has added labels since the lists were made: 181 images differ.',
      });
      assert.deepEqual(patientsOf(card), [21_528, 3_090, 6_187]);
      const official = checkOf(finished, 'official-test');
      assert.deepEqual([official.status, official.count, official.of], ['noted', 17_920, 25_596]);
      const boundaries = checkOf(finished, 'archive-boundary');
      assert.deepEqual([boundaries.status, boundaries.count, boundaries.of], ['noted', 9, 11]);
      const builtIn = await bench.run(split, {method: 'chexnet'}, {needs: [datasetWith(bench, rows)]});
      factsOf(builtIn);
      assert.equal(builtIn.read('folds.csv'), finished.read('folds.csv'));
      const own = builtIn.json('card.json');
      assert.deepEqual([card['published'], own['published']], ['chexnet', 'chexnet']);
      assert.deepEqual([own['lists'], card['first_labels']], [null, null]);
      assert.deepEqual(own['first_labels'], card['lists']);
      assert.deepEqual(own['table_1'], {
        cells_equal: 42,
        of: 42,
        with_metadata_labels: 39,
        note:
          'Cells as in the published Table 1, rounded to 0.1 per cent: 42 of 42 with the first labels, 39 of 42 ' +
          'with the labels of the metadata. The publisher has added labels since the lists were made: 181 images differ.',
      });
    }));

  it('have no first labels when theirs are of no known release', () =>
    withBench(async (bench) => {
      const edited = rows.map((row, index) =>
        index === 0 ? {...row, findings: ['Pneumonia'] as const} : row,
      );
      const needs = [datasetWith(bench, edited)];
      const finished = await bench.run(split, {method: 'chexnet'}, {needs});
      assert.equal(factsOf(finished)['table_1'], '39 of 42 cells');
      const card = finished.json('card.json');
      assert.deepEqual([card['published'], card['first_labels']], ['chexnet', null]);
      assert.equal(
        (card['table_1'] as JsonObject)['note'],
        'Cells as in the published Table 1, rounded to 0.1 per cent: 39 of 42 with the labels of the metadata. ' +
          'The publisher has added labels since the lists were made; the lists have the labels of that time.',
      );
    }));

  it('are dealt to the same bytes on every machine', () =>
    withBench(async (bench) => {
      const needs = [datasetWith(bench, rows)];
      const finished = await bench.run(split, {method: 'seeded'}, {needs});
      factsOf(finished);
      assert.equal(
        finished.json('card.json')['digest'],
        '17482a298043e394cecc51b00dd6c9cd301ce87b2626f5712a41db733c70f626',
      );
    }));

  it('have the official test part, which most weights have seen', () =>
    withBench(async (bench) => {
      const needs = [datasetWith(bench, rows)];
      const seen = await bench.run(split, {method: 'official', trained_on: 'chexnet'}, {needs});
      assert.match(faultsOf(seen)[0]!.message, /: 17,920 of 25,596 test images and /);
      assert.match(faultsOf(seen)[0]!.message, / and \d[\d,]* of \d[\d,]* val patients have images in it/);
      const accepted = await bench.run(
        split,
        {method: 'official', trained_on: LISTS[0]!, accept: ['trained-on'], seed: 2},
        {needs},
      );
      assertOfficial(accepted);
      assert.equal(checkOf(accepted, 'trained-on').status, 'accepted');
    }));
});

function assertOfficial(finished: Finished): void {
  const facts = factsOf(finished);
  assert.equal(Number(facts['train']) + Number(facts['val']), 86_524);
  assert.equal(facts['test'], 25_596);
  const [train, val, test] = patientsOf(finished.json('card.json'));
  assert.deepEqual([train! + val!, test], [28_008, 2_797]);
  assert.ok(Math.abs(val! / 28_008 - 0.125) < 1e-3 && Math.abs(Number(facts['val']) / 86_524 - 0.125) < 1e-3);
  assert.equal(checkOf(finished, 'patient-overlap').count, 0);
}

/** Every finding within .05 percentage points and 2 % (an image more or less), images and patients within .1 %. */
function assertBalanced(
  rows: readonly ImageRow[],
  {parts, fractions}: Readonly<{parts: readonly number[]; fractions: readonly number[]}>,
): void {
  const patients = new Set(rows.map(patientOf)).size;
  const whole = countFindings(rows);
  let dealt = 0;
  for (const [part, fraction] of fractions.entries()) {
    const members = rows.filter((_, row) => parts[row] === part);
    const people = new Set(members.map(patientOf)).size;
    dealt += people;
    const off = (count: number, all: number): number => Math.abs(count / all / fraction - 1);
    assert.ok(off(members.length, rows.length) <= 1e-3, `part ${part} has ${members.length} images`);
    assert.ok(off(people, patients) <= 1e-3, `part ${part} has ${people} patients`);
    const counts = countFindings(members);
    for (const [index, finding] of FINDINGS.entries()) {
      const share = whole[index]! / rows.length;
      const points = 100 * Math.abs(counts[index]! / members.length - share);
      const expected = share * members.length;
      const relative = (Math.abs(counts[index]! - expected) - 1) / expected;
      assert.ok(
        points <= 0.05 && relative <= 0.02,
        `${finding}, part ${part}: ${points} points, ${relative}`,
      );
    }
  }
  assert.equal(dealt, patients, 'no patient is in two parts');
}

function countFindings(rows: readonly ImageRow[]): readonly number[] {
  const counts = new Map<string, number>(FINDINGS.map((finding) => [finding, 0]));
  for (const {findings} of rows)
    for (const finding of findings) counts.set(finding, counts.get(finding)! + 1);
  return [...counts.values()];
}

function patientsOf(card: JsonObject): readonly number[] {
  const folds = card['folds'] as Record<string, {patients: number}>;
  return FOLDS.map((fold) => folds[fold]!.patients);
}

function patientOf({patient}: ImageRow): string {
  return patient;
}
