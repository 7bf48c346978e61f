import assert from 'node:assert/strict';
import {FOLDS, type Fold} from '../../pipeline/model/findings.js';
import type {JsonObject} from '../../pipeline/model/json.js';
import {type PublishedName, publishedFolds} from '../../pipeline/stages/split/published.js';
import {split} from '../../pipeline/stages/split/stage.js';
import {type Bench, factsOf, faultsOf, spelledOut, withBench} from './rig.js';
import {cellsOf, cohort, datasetWith, imageOf, singles} from './split-rig.js';

/** Two images of each of the first patients of ChestX-ray14; 3, 13, 32, 41, 72 and 92 are in the official test part. */
const FIRST = Array.from({length: 100}, (_, index) => [imageOf(index + 1), imageOf(index + 1, 1)]).flat();
const OFFICIAL_TEST = ['3', '13', '32', '41', '72', '92'];

describe('the official split', () => {
  it('has the published test part, and deals the other patients to train and val', () =>
    withBench(async (bench) => {
      const finished = await bench.run(split, {method: 'official'}, {needs: [datasetWith(bench, FIRST)]});
      factsOf(finished);
      const cells = cellsOf(finished, 'folds.csv');
      const patientsOf = (fold: string): readonly string[] => [
        ...new Set(cells.flatMap(([, patient, other]) => (other === fold ? [patient!] : []))),
      ];
      assert.deepEqual(patientsOf('test'), OFFICIAL_TEST);
      assert.ok(Math.abs(patientsOf('val').length - 94 / 8) <= 1);
      assert.equal(patientsOf('train').length + patientsOf('val').length, 94);
    }));

  it('takes the parts from files when both are named, and says when only one is', () =>
    withBench(async (bench) => {
      const train_val = bench.write('train_val_list.txt', '0.png\n1.png\n2.png\n3.png\n');
      const test = bench.write('test_list.txt', '4.png\n5.png');
      const needs = [datasetWith(bench, singles(7))];
      const params = {method: 'official', train_val, test, val_fraction: 0.25};
      const finished = await bench.run(split, params, {needs});
      const {train, val, test: tested} = factsOf(finished);
      assert.deepEqual([train, val, tested], [3, 1, 2]);
      assert.equal(finished.json('card.json')['not_in_a_fold'], 1);
      const parsed = split.params.safeParse({method: 'official', test});
      assert.equal(
        parsed.error?.issues[0]?.message,
        'train_val and test go together: name both files, or none',
      );
    }));

  it('is refused for images that are not those of ChestX-ray14', () =>
    withBench(async (bench) => {
      for (const method of ['official', 'chexnet']) {
        for (const dataset of [
          datasetWith(bench, cohort(30), {synthetic: true}),
          datasetWith(bench, singles(9)),
        ]) {
          const finished = await bench.run(split, {method}, {needs: [dataset]});
          assert.deepEqual(spelledOut(faultsOf(finished)), [
            '- the published folds are of ChestX-ray14, and these images are not | ' +
              'take method: seeded, or lists of your own',
          ]);
        }
      }
    }));
});

describe('folds that are published', () => {
  it('are known as such, whoever made them', () =>
    withBench(async (bench) => {
      const needs = [datasetWith(bench, FIRST)];
      const cardOf = async (params: JsonObject): Promise<JsonObject> => {
        const finished = await bench.run(split, params, {needs});
        factsOf(finished);
        return finished.json('card.json');
      };
      const imagesIn = (test: (image: string) => boolean): string =>
        FIRST.flatMap(({image}) => (test(image) ? [image] : [])).join('\n');
      const listed = (name: PublishedName, folds: readonly Fold[]): readonly string[] =>
        folds.map((fold) =>
          bench.write(
            `${name}-${fold}.txt`,
            imagesIn((image) => publishedFolds(name).foldOf(image) === fold),
          ),
        );
      const [train, val, test] = listed('chexnet', FOLDS);
      const [train_val, tested] = listed('official', ['train', 'test']);
      const own = {method: 'official', train_val: tested!, test: train_val!};
      assert.equal((await cardOf({method: 'chexnet'}))['published'], 'chexnet');
      assert.equal(
        (await cardOf({method: 'lists', train: train!, val: val!, test: test!}))['published'],
        'chexnet',
      );
      assert.equal((await cardOf({method: 'official'}))['published'], 'official');
      assert.equal((await cardOf({...own, train_val: train_val!, test: tested!}))['published'], 'official');
      assert.equal((await cardOf(own))['published'], null);
      assert.equal(
        (await cardOf({method: 'lists', train: val!, val: train!, test: test!}))['published'],
        null,
      );
      bench.write('chexnet-train.txt', FIRST[0]!.image);
      assert.equal(
        (await cardOf({method: 'lists', train: train!, val: val!, test: test!}))['published'],
        null,
      );
      assert.equal((await cardOf({method: 'seeded'}))['published'], null);
    }));
});

describe('the folds of CheXNet', () => {
  it('are built in', () =>
    withBench(async (bench) => {
      const finished = await bench.run(split, {method: 'chexnet'}, {needs: [datasetWith(bench, FIRST)]});
      factsOf(finished);
      const {foldOf} = publishedFolds('chexnet');
      for (const [image, , fold] of cellsOf(finished, 'folds.csv')) assert.equal(fold, foldOf(image!));
    }));

  it('know no image of another data set', () => {
    const {foldOf} = publishedFolds('chexnet');
    const names = ['00000000_000.png', '00030806_000.png', '1.png', '000000001_000.png', 'x00000001_000.png'];
    assert.deepEqual(names.map(foldOf), [null, null, null, null, null]);
  });
});

describe('a split by a column', () => {
  const rows = singles(6);
  const params = {method: 'column', image_column: 'Image Index', column: 'set'};

  async function byColumn(bench: Bench, text: string, more: JsonObject = {}) {
    const file = bench.write('folds.csv', text);
    return bench.run(split, {...params, ...more, file}, {needs: [datasetWith(bench, rows)]});
  }

  it('takes what the configuration says each value means', () =>
    withBench(async (bench) => {
      const text =
        'set,Image Index\n0,0.png\n0,a/1.png\n1,2.png\n2,3.png\n3,4.png\nunused,5.png\n,6.png\n2,7.png\n';
      const values = {train: [0], val: 1, test: ['2', 3], left_out: 'unused'};
      const finished = await byColumn(bench, text, {values});
      const {train, val, test} = factsOf(finished);
      assert.deepEqual([train, val, test], [2, 1, 2]);
      assert.equal(finished.json('card.json')['not_in_a_fold'], 1);
    }));

  it('is refused with every fault at its place', () =>
    withBench(async (bench) => {
      const text = 'Image Index,set\n0.png,train\n1.png,valid\n0.png,test\n,val\n2.png,tests\n';
      assert.deepEqual(spelledOut(faultsOf(await byColumn(bench, text))), [
        '3:7+5 "valid" stands for no fold | name it under values: for train, val or test, or as left_out',
        '4:1+5 0.png has a row already (first here 2:1+5)',
        '5:1+4 this row names no image',
        '6:7+5 "tests" stands for no fold | did you mean "test"? else name it under values: for train, val or test, or as left_out',
      ]);
    }));

  it('is refused with what the file says spelled out and cut', () =>
    withBench(async (bench) => {
      const text = `Image Index,set\n\u202e0.png,train\n\u202e0.png,train\n1.png,\x1b[2J${'x'.repeat(500)}\n`;
      assert.deepEqual(spelledOut(faultsOf(await byColumn(bench, text))), [
        '3:1+6 \\u202e0.png has a row already (first here 2:1+6)',
        `4:7+504 "\\u001b[2J${'x'.repeat(116)}…" stands for no fold | name it under values: for train, val or test, or as left_out`,
      ]);
      const header = `a\x07,${Array.from({length: 40}, (_, column) => `c${column}`).join(',')}`;
      const [hint] = faultsOf(await byColumn(bench, `${header}\n1\n`)).map((fault) => fault.hint);
      assert.equal(
        hint,
        `known are a\\u0007, ${Array.from({length: 23}, (_, column) => `c${column}`).join(', ')}`,
      );
    }));

  it('says which columns there are, and when no image is known', () =>
    withBench(async (bench) => {
      assert.deepEqual(spelledOut(faultsOf(await byColumn(bench, 'image index,sets\n0.png,train\n'))), [
        '1:1+16 there is no column "Image Index" | did you mean "image index"?',
        '1:1+16 there is no column "set" | did you mean "sets"?',
      ]);
      const strange = await byColumn(bench, 'Image Index,set\na.png,train\n');
      assert.deepEqual(spelledOut(faultsOf(strange)), [
        '- none of the 6 images of the data set is among the 1 image of the CSV file | ' +
          'do both belong to the same data set? images are matched by file name',
      ]);
    }));

  it('refuses a value that stands for two folds', () => {
    const values = {train: ['a', 1], val: '1'};
    const parsed = split.params.safeParse({...params, file: 'x.csv', values});
    assert.equal(parsed.error?.issues[0]?.message, 'the same value stands for two folds');
  });
});

describe('a split for cross-validation', () => {
  it('makes equal parts by patient, each the test fold in turn', () =>
    withBench(async (bench) => {
      const needs = [datasetWith(bench, cohort(900))];
      const tested: string[] = [];
      for (let part = 0; part < 4; part++) {
        const finished = await bench.run(split, {method: 'folds', k: 4, test_part: part, seed: 3}, {needs});
        factsOf(finished);
        const parts = cellsOf(finished, 'parts.csv');
        const folds = cellsOf(finished, 'folds.csv').map(([, , fold]) => fold);
        const expected = parts.map(([, , own]) => {
          if (Number(own) === part) return 'test';
          return Number(own) === (part + 1) % 4 ? 'val' : 'train';
        });
        assert.deepEqual(folds, expected);
        tested.push(...parts.flatMap(([image], row) => (folds[row] === 'test' ? [image!] : [])));
        const card = finished.json('card.json');
        const sizes = (card['parts'] as readonly {part: number; fold: string; images: number}[]).map(
          ({images}) => images,
        );
        assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 9, `parts of ${sizes.join(', ')} images`);
      }
      assert.equal(new Set(tested).size, 900);
      assert.equal(tested.length, 900);
    }));

  it('refuses a part that there is not, and fewer patients than parts', () =>
    withBench(async (bench) => {
      const parsed = split.params.safeParse({method: 'folds', k: 4, test_part: 4});
      assert.equal(parsed.error?.issues[0]?.message, 'the parts are numbered from 0 to k - 1');
      const needs = [datasetWith(bench, singles(4))];
      const finished = await bench.run(split, {method: 'folds', k: 5, test_part: 0}, {needs});
      assert.deepEqual(spelledOut(faultsOf(finished)), [
        '- the data set has 4 patients: too few for 5 parts | take more images, of 5 patients at least',
      ]);
    }));
});

describe('the split by archives', () => {
  const fold = (finished: Parameters<typeof cellsOf>[0]): Readonly<Record<string, readonly string[]>> =>
    Object.fromEntries(
      FOLDS.map((name) => [
        name,
        cellsOf(finished, 'folds.csv').flatMap(([image, , of]) => (of === name ? [image!.slice(3, 12)] : [])),
      ]),
    );

  it('trains on the first archives, cut through a patient or not, and holds out whole patients behind them', () =>
    withBench(async (bench) => {
      const images = [
        [1, 0],
        [1335, 6],
        [1336, 0],
        [3923, 13],
        [3923, 14],
        [3924, 0],
        [3924, 1],
        [3925, 0],
        [3926, 0],
      ];
      const needs = [
        datasetWith(
          bench,
          images.map(([patient, number]) => imageOf(patient!, number)),
        ),
      ];
      const one = await bench.run(split, {method: 'archives', train: 1, held_out: 2}, {needs});
      factsOf(one);
      assert.deepEqual(fold(one), {
        train: ['00001_000', '01335_006'],
        val: ['01336_000', '03923_013', '03923_014'],
        test: ['03924_000', '03924_001'],
      });
      const two = await bench.run(split, {method: 'archives', train: 2, held_out: 1}, {needs});
      factsOf(two);
      assert.deepEqual(fold(two), {
        train: ['00001_000', '01335_006', '01336_000', '03923_013'],
        val: ['03924_000', '03924_001'],
        test: ['03925_000'],
      });
    }));
});
