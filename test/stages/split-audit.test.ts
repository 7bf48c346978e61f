import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {
  type AuditDocument,
  auditDocument,
  type CheckOutcome,
  failedChecks,
} from '../../pipeline/stages/audit/document.js';
import {split} from '../../pipeline/stages/split/stage.js';
import {type Bench, factsOf, faultsOf, spelledOut, withBench} from './rig.js';
import {checkOf, cohort, datasetWith, imageOf, singles} from './split-rig.js';

/** Patient 1335 has images on both sides of the end of the first published archive, 00001335_006. */
const CUT = [
  ...Array.from({length: 9}, (_, number) => imageOf(1335, number)),
  ...[1, 2, 4, 5, 6, 7].map((patient) => imageOf(patient)),
];

async function byLists(bench: Bench, lists: readonly (readonly string[])[], more = {}) {
  const [train, val, test] = lists.map((names, index) => bench.write(`${index}.txt`, names.join('\n')));
  return bench.run(
    split,
    {method: 'lists', train: train!, val: val!, test: test!, ...more},
    {needs: [datasetWith(bench, CUT)]},
  );
}

const names = (patient: number, numbers: readonly number[]): readonly string[] =>
  numbers.map((number) => imageOf(patient, number).image);

const OTHERS = [
  [...names(1, [0]), ...names(2, [0])],
  names(4, [0]),
  [...names(5, [0]), ...names(6, [0])],
] as const;

describe('the audit of a split', () => {
  it('notes a patient that the end of an archive cuts when one fold has all of it', () =>
    withBench(async (bench) => {
      const [train, val, test] = OTHERS;
      const all = [0, 1, 2, 3, 4, 5, 6, 7, 8];
      const finished = await byLists(bench, [[...train, ...names(1335, all)], val, test]);
      factsOf(finished);
      assert.deepEqual(checkOf(finished, 'archive-boundary'), {
        name: 'archive-boundary',
        title: 'Patients cut by the end of a published archive',
        status: 'noted',
        count: 1,
        of: 11,
        detail: '1 patient on both sides of one of the 11 boundaries, no fold ends there',
        examples: ['1335 after 00001335_006'],
        unit: 'boundaries',
      });
      assert.equal(checkOf(finished, 'patient-overlap').status, 'passed');
    }));

  it('fails when a fold ends where an archive does, unless that is accepted by name', () =>
    withBench(async (bench) => {
      const [train, val, test] = OTHERS;
      const lists = [
        [...train, ...names(1335, [0, 1, 2, 3, 4, 5, 6])],
        val,
        [...test, ...names(1335, [7, 8])],
      ];
      const failed = spelledOut(faultsOf(await byLists(bench, lists)));
      assert.equal(failed.length, 2);
      assert.match(failed[1]!, /folds end where archives do: 1 of 1 patient on both sides/);
      assert.match(failed[1]!, /accept: \[archive-boundary\]; what was found is in .*audit\.json$/);
      const one = await byLists(bench, lists, {accept: ['archive-boundary']});
      assert.equal(faultsOf(one).length, 1);
      const both = await byLists(bench, lists, {accept: ['archive-boundary', 'patient-overlap']});
      factsOf(both);
      assert.equal(checkOf(both, 'archive-boundary').status, 'accepted');
      assert.equal(both.json('audit.json')['pass'], true);
      assert.deepEqual(both.json('card.json')['overlaps'], {patients: 1, images: 0});
      const warnings = both.news.flatMap((news) =>
        news.type === 'stage-note' && news.level === 'warning' ? [news.text] : [],
      );
      assert.equal(warnings.length, 2);
      assert.match(warnings[0]!, /^accepted: Patients in more than one fold: /);
    }));

  it('fails when imported weights were trained on images of val or test', () =>
    withBench(async (bench) => {
      const seen = bench.write('seen.txt', [...names(5, [0]), ...names(1, [0])].join('\n'));
      const finished = await byLists(bench, OTHERS, {trained_on: seen});
      assert.deepEqual(spelledOut(faultsOf(finished), finished.resume), [
        '- leakage audit: images of val or test whose patients the weights were trained on: 1 of 2 test images and ' +
          '0 of 1 val images are in seen.txt, a list of 2 images; 1 of 2 test patients and 0 of 1 val patients have ' +
          'images in it (for example 00000005_000.png) | scores would look better than they are; to go on all the ' +
          'same, accept it by name: accept: [trained-on]; what was found is in audit.json',
      ]);
      const harmless = bench.write('seen.txt', names(1, [0]).join('\n'));
      assert.equal(
        checkOf(await byLists(bench, OTHERS, {trained_on: harmless}), 'trained-on').status,
        'passed',
      );
    }));

  it('fails when imported weights have seen other images of patients of val or test', () =>
    withBench(async (bench) => {
      // The data set has 00001335_003 in no fold, and no image 00000005_009 at all.
      for (const [seen, fold] of [
        [names(1335, [3]), [...names(1335, [0])]],
        [names(5, [9]), []],
      ] as const) {
        const trained_on = bench.write('seen.txt', seen.join('\n'));
        const [train, val, test] = OTHERS;
        const lists = [train, val, [...test, ...fold]];
        const of = 2 + fold.length;
        const [fault, ...others] = faultsOf(await byLists(bench, lists, {trained_on}));
        assert.equal(others.length, 0);
        assert.match(
          fault!.message,
          new RegExp(`: 0 of ${of} test images and 0 of 1 val images are in seen`),
        );
        assert.match(fault!.message, new RegExp(`; 1 of ${of} test patients and 0 of 1 val patients have `));
        const accepted = await byLists(bench, lists, {trained_on, accept: ['trained-on']});
        const {count, of: all, unit} = checkOf(accepted, 'trained-on');
        assert.deepEqual([count, all, unit], [1, of + 1, 'images']);
      }
    }));

  it('passes when the training list has other patients, whether or not a fold has them', () =>
    withBench(async (bench) => {
      for (const patient of [7, 20_000]) {
        const trained_on = bench.write('seen.txt', names(patient, [0]).join('\n'));
        const finished = await byLists(bench, OTHERS, {trained_on});
        factsOf(finished);
        assert.equal(checkOf(finished, 'trained-on').status, 'passed');
      }
    }));

  it('leaves what it found beside a failure', () =>
    withBench(async (bench) => {
      const seen = bench.write('seen.txt', names(5, [0]).join('\n'));
      const finished = await byLists(bench, OTHERS, {trained_on: seen});
      const [fault] = faultsOf(finished);
      const file = join(finished.resume, 'audit.json');
      assert.ok(fault!.hint!.endsWith(`what was found is in ${file}`));
      const audit = JSON.parse(readFileSync(file, 'utf8')) as AuditDocument;
      assert.equal(audit.pass, false);
      assert.equal(audit.checks.find(({name}) => name === 'trained-on')!.status, 'failed');
    }));

  it('says that a training list has nothing to do with the images', () =>
    withBench(async (bench) => {
      const seen = bench.write('seen.txt', 'a.png\nb.png\n');
      assert.deepEqual(spelledOut(faultsOf(await byLists(bench, OTHERS, {trained_on: seen}))), [
        '1:1+1 no image of this list of 2 images is in the data set | images are matched by file name; ' +
          'if the weights were trained on other data, leave trained_on out',
      ]);
    }));

  it('knows the training list of CheXNet, for images of ChestX-ray14', () =>
    withBench(async (bench) => {
      const rows = Array.from({length: 300}, (_, index) => imageOf(index + 1));
      const params = {method: 'official', trained_on: 'chexnet'};
      const [fault] = faultsOf(await bench.run(split, params, {needs: [datasetWith(bench, rows)]}));
      assert.match(
        fault!.message,
        /of \d+ test images and \d+ of \d+ val images are in the published training/,
      );
      const needs = [datasetWith(bench, singles(9))];
      const foreign = await bench.run(split, {method: 'seeded', trained_on: 'chexnet'}, {needs});
      assert.match(faultsOf(foreign)[0]!.message, /is of ChestX-ray14, and these images are not/);
    }));

  it('makes no check of the publisher’s divisions for synthetic images', () =>
    withBench(async (bench) => {
      const needs = [datasetWith(bench, cohort(60), {synthetic: true})];
      const finished = await bench.run(split, {method: 'seeded'}, {needs});
      for (const name of ['archive-boundary', 'official-test'] as const) {
        assert.equal(checkOf(finished, name).status, 'not-checked');
      }
    }));

  it('does not take other images for those of ChestX-ray14 because a few are named like them', () =>
    withBench(async (bench) => {
      const strange = [imageOf(1, 0, {patient: 'a'}), imageOf(30_806), imageOf(12_345_678)];
      const needs = [datasetWith(bench, [...singles(4), ...strange])];
      const finished = await bench.run(split, {method: 'seeded'}, {needs});
      factsOf(finished);
      for (const name of ['archive-boundary', 'official-test'] as const) {
        assert.equal(checkOf(finished, name).detail, 'the images are not those of ChestX-ray14');
      }
      const refused = await bench.run(split, {method: 'chexnet'}, {needs});
      assert.match(faultsOf(refused)[0]!.message, /the published folds are of ChestX-ray14/);
    }));
});

describe('an audit document', () => {
  const failed: CheckOutcome = {
    ...{name: 'near-duplicates', title: 'Nearly equal images in more than one fold', status: 'failed'},
    ...{count: 2, of: 9, detail: '2 pairs', examples: []},
  };

  it('passes when what failed is accepted, and accepts nothing else', () => {
    assert.equal(auditDocument([failed]).pass, false);
    assert.equal(auditDocument([failed], ['duplicate-images']).pass, false);
    const accepted = auditDocument(
      [failed, {...failed, name: 'trained-on', status: 'passed'}],
      ['near-duplicates', 'trained-on'],
    );
    assert.equal(accepted.pass, true);
    assert.deepEqual(
      accepted.checks.map(({status}) => status),
      ['accepted', 'passed'],
    );
    assert.deepEqual(failedChecks(accepted, 'audit.json'), []);
  });
});
