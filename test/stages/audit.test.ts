import assert from 'node:assert/strict';
import {mkdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import type {AuditDocument} from '../../pipeline/stages/audit/document.js';
import {hammingDistance, parseHashes} from '../../pipeline/stages/audit/near-duplicates.js';
import {audit} from '../../pipeline/stages/audit/stage.js';
import {perceptualHash} from '../../pipeline/stages/preprocess/phash.js';
import {split} from '../../pipeline/stages/split/stage.js';
import {artifactsOf, blots, changed, cropped, grained, type Picture, SIDE} from './audit-rig.js';
import {factsOf, faultsOf, spelledOut, withBench} from './rig.js';
import {cellsOf, checkOf, cohort, datasetWith} from './split-rig.js';

function picture(name: string, more: Partial<Picture> & {seed?: number} = {}): Picture {
  const patient = name.charCodeAt(0);
  const {seed = patient, ...rest} = more;
  return {image: `${name}.png`, patient, fold: 'train', sha256: name, pixels: blots(seed), ...rest};
}

const DIFFERENT = ['a', 'b', 'c', 'd', 'e'].map((name) => picture(name));

describe('the audit of images', () => {
  it('passes when all are different, beside the checks of the split', () =>
    withBench(async (bench) => {
      const needs = artifactsOf(bench, [
        ...DIFFERENT,
        picture('f', {fold: 'val'}),
        picture('g', {fold: 'test'}),
      ]);
      const finished = await bench.run(audit, {}, {needs});
      assert.deepEqual(factsOf(finished), {passed: 2, noted: 0, accepted: 0, not_checked: 0});
      assert.equal(checkOf(finished, 'duplicate-images').of, 7);
      assert.equal(
        finished.read('pairs.csv'),
        'kind,image,patient,fold,other_image,other_patient,other_fold,bits,likeness\n',
      );
    }));

  it('fails when files with the same bytes are in two folds, and only notes them within one', () =>
    withBench(async (bench) => {
      const pictures = [
        ...DIFFERENT,
        picture('x', {seed: 97, sha256: 'a', fold: 'test'}),
        picture('y', {seed: 98, sha256: 'b'}),
      ];
      const needs = artifactsOf(bench, pictures);
      const failed = await bench.run(audit, {}, {needs});
      assert.deepEqual(spelledOut(faultsOf(failed), failed.resume), [
        '- leakage audit: equal files in more than one fold: 1 group of equal files across folds, 1 within one ' +
          '(for example a.png in train = x.png in test) | scores would look better than they are; to go on all the ' +
          'same, accept it by name: accept: [duplicate-images]; what was found is in pairs.csv',
      ]);
      const accepted = await bench.run(audit, {accept: ['duplicate-images']}, {needs});
      factsOf(accepted);
      const {status, count, of, unit} = checkOf(accepted, 'duplicate-images');
      assert.deepEqual([status, count, of, unit], ['accepted', 2, 7, 'images']);
      // What it found is there after a failure, too.
      const kept = (name: string): string => readFileSync(join(failed.resume, name), 'utf8');
      assert.equal(kept('pairs.csv'), accepted.read('pairs.csv'));
      assert.equal((JSON.parse(kept('audit.json')) as AuditDocument).pass, false);
      assert.deepEqual(
        cellsOf(accepted, 'pairs.csv').map((cells) => cells.join(' ')),
        [
          'duplicate a.png 97 train x.png 120 test 0 1.000',
          'duplicate b.png 98 train y.png 121 train 0 1.000',
        ],
      );
    }));

  it('fails when nearly the same image is in two folds: brighter, coarser, cropped', () =>
    withBench(async (bench) => {
      const [a, b, c] = DIFFERENT.map(({pixels}) => pixels);
      const pictures = [
        ...DIFFERENT,
        picture('x', {fold: 'test', pixels: changed(a!, (value) => 0.8 * value + 40)}),
        picture('y', {fold: 'val', pixels: changed(b!, (value) => 8 * Math.round(value / 8))}),
        picture('z', {fold: 'test', pixels: cropped(c!, SIDE, 0.5)}),
      ];
      const needs = artifactsOf(bench, pictures);
      const [fault, ...others] = faultsOf(await bench.run(audit, {}, {needs}));
      assert.equal(others.length, 0);
      const accepted = await bench.run(audit, {accept: ['near-duplicates']}, {needs});
      const {count, of, unit} = checkOf(accepted, 'near-duplicates');
      assert.deepEqual([count, of, unit], [6, 8, 'images']);
      assert.match(
        fault!.message,
        /nearly equal images in more than one fold: 3 pairs across folds, 0 within one/,
      );
      assert.match(fault!.message, /a\.png in train ≈ x\.png in test; b\.png in train ≈ y\.png in val/);
    }));

  it('notes nearly equal images within a fold, and tells those of one patient apart', () =>
    withBench(async (bench) => {
      const [a, b] = DIFFERENT.map(({pixels}) => changed(pixels, (value) => value + 10));
      const pictures = [
        ...DIFFERENT,
        picture('x', {pixels: a!, patient: DIFFERENT[0]!.patient}),
        picture('y', {pixels: b!}),
        picture('g', {fold: 'test'}),
      ];
      const finished = await bench.run(audit, {}, {needs: artifactsOf(bench, pictures)});
      factsOf(finished);
      const {status, count, detail} = checkOf(finished, 'near-duplicates');
      assert.deepEqual([status, count], ['noted', 0]);
      assert.match(
        detail,
        /^0 pairs across folds, 2 within one \(1 of one patient\); mirrored, turned and inverted copies are /,
      );
    }));

  it('does not take images for copies because their hashes are near: their details decide', () =>
    withBench(async (bench) => {
      const [x, y] = [1, 2].map((seed) => grained(blots(97), seed));
      const hashes = parseHashes([x!, y!].map((pixels) => perceptualHash(pixels, SIDE)));
      assert.ok(hammingDistance(hashes, 0, 1) <= 8, 'their hashes are near');
      const pictures = [picture('x', {pixels: x!}), picture('y', {pixels: y!, fold: 'test'})];
      const needs = artifactsOf(bench, [...pictures, picture('g', {fold: 'val'})]);
      const near = await bench.run(audit, {}, {needs});
      factsOf(near);
      assert.equal(checkOf(near, 'near-duplicates').status, 'passed');
    }));

  it('fails when so many hashes are near each other that it cannot compare them', () =>
    withBench(async (bench) => {
      const alike = Array.from({length: 650}, (_, index) => ({
        ...DIFFERENT[0]!,
        image: `a${index}.png`,
        sha256: `${index}`,
      }));
      const needs = artifactsOf(bench, [...alike, picture('g', {fold: 'test'})]);
      const [fault, ...others] = faultsOf(await bench.run(audit, {}, {needs}));
      assert.equal(others.length, 0);
      assert.match(fault!.message, /not compared: more than 200,000 pairs have hashes that differ in 8 bits/);
      const accepted = await bench.run(audit, {accept: ['near-duplicates']}, {needs});
      factsOf(accepted);
      assert.equal(checkOf(accepted, 'near-duplicates').status, 'accepted');
      assert.ok(
        accepted.news.some(
          (news) =>
            news.type === 'stage-note' &&
            news.level === 'warning' &&
            news.text.startsWith('accepted: Nearly equal images in more than one fold: not compared: '),
        ),
      );
    }));

  it('says what it could not check, and why', () =>
    withBench(async (bench) => {
      const dataset = datasetWith(bench, cohort(60), {synthetic: true});
      const folds = await bench.run(split, {method: 'seeded'}, {needs: [dataset]});
      const finished = await bench.run(audit, {}, {needs: [dataset, folds.artifact]});
      assert.deepEqual(factsOf(finished), {passed: 2, noted: 0, accepted: 0, not_checked: 5});
      assert.equal(checkOf(finished, 'duplicate-images').detail, 'no image is at hand');
      assert.equal(checkOf(finished, 'near-duplicates').detail, 'no preprocess stage gives the images');
      mkdirSync(join(bench.folder, 'images'), {recursive: true});
      const [, , images] = artifactsOf(bench, DIFFERENT);
      const synthetic = await bench.run(audit, {}, {needs: [dataset, folds.artifact, images!]});
      assert.match(checkOf(synthetic, 'near-duplicates').detail, /drawn by one program/);
    }));

  it('keeps what the split accepted, and what it checked', () =>
    withBench(async (bench) => {
      const needs = artifactsOf(bench, [
        ...DIFFERENT,
        picture('f', {fold: 'val'}),
        picture('g', {fold: 'test'}),
      ]);
      const check = {title: 'Patients', count: 1, of: 2, detail: 'one', examples: []};
      const checks = [{name: 'patient-overlap', status: 'accepted', ...check}];
      bench.write('folds/audit.json', JSON.stringify({schema: 'pipeline/audit/v1', pass: true, checks}));
      const finished = await bench.run(audit, {}, {needs});
      assert.equal(factsOf(finished)['accepted'], 1);
      assert.equal(checkOf(finished, 'patient-overlap').status, 'accepted');
      assert.equal(finished.json('audit.json')['pass'], true);
    }));
});
