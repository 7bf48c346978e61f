import assert from 'node:assert/strict';
import {describeLeaderboard} from '../../pipeline/commands/leaderboard.js';
import type {Estimate} from '../../pipeline/model/evaluation.js';
import type {MatrixValue} from '../../pipeline/model/member.js';
import type {StageId} from '../../pipeline/model/stage.js';
import type {Entry} from '../../pipeline/stages/leaderboard/entries.js';
import {leaderboardOf} from '../../pipeline/stages/leaderboard/rank.js';
import {leaderboardCsv} from '../../pipeline/stages/leaderboard/table.js';

const ALIKE = {valImages: 'v', valLabels: 'v', testImages: 't', testLabels: 't', labels: 'C'};
const estimate = (value: number | null): Estimate =>
  value === null
    ? {defined: false, because: '0 positives'}
    : {defined: true, value, low: value - 0.1, high: value + 0.1, resamples: 9};
const fold = (value: number | null) => ({
  images: 9,
  macro_auroc: estimate(value),
  macro_average_precision: estimate(value),
});

type Scores = Readonly<{val: number | null; test: number | null; scoredOn?: Partial<typeof ALIKE> | null}>;

function entry(model: string, values: Readonly<Record<string, MatrixValue>>, scores: Scores): Entry {
  const {val, test, scoredOn = {}} = scores;
  return {
    row: {
      model: model as StageId,
      evaluation: scoredOn === null ? null : (`of ${model}` as StageId),
      values,
      val: scoredOn === null ? null : fold(val),
      test: scoredOn === null ? null : fold(test),
      ...{best_epoch: 1, epochs: 2, train_loss: 0.25, seconds: 12, images_per_second: 40},
      ...{device: 'cpu', ranks: 2},
    },
    scoredOn: scoredOn === null ? null : {...ALIKE, ...scoredOn},
  };
}

const places = (entries: readonly Entry[]) =>
  leaderboardOf(entries).rows.map(({rank, model, unranked_because: because}) => [rank, model, because]);

describe('A leaderboard', () => {
  it('ranks by the validation fold, never by the test fold; equal scores are equal', () => {
    const entries = [
      entry('a', {}, {val: 0.6, test: 0.9}),
      entry('b', {}, {val: 0.7, test: 0.5}),
      entry('c', {}, {val: 0.7, test: null}),
    ];
    assert.deepEqual(places(entries), [
      [1, 'b', null],
      [1, 'c', null],
      [3, 'a', null],
    ]);
    assert.match(leaderboardOf(entries).ranking, /validation fold; the test fold .* decides nothing/);
  });

  it('does not rank what was scored on something else, or not at all, and says so', () => {
    assert.deepEqual(
      places([
        entry('other-labels', {}, {val: 0.9, test: 0.9, scoredOn: {testLabels: 'x', labels: 'A'}}),
        entry('a', {}, {val: 0.6, test: 0.6}),
        entry('other-images', {}, {val: 0.9, test: 0.9, scoredOn: {testImages: 'x', valLabels: 'y'}}),
        entry('nobody', {}, {val: null, test: null, scoredOn: null}),
        entry('b', {}, {val: 0.7, test: 0.7}),
        entry('undefined', {}, {val: null, test: 0.7}),
      ]),
      [
        [1, 'b', null],
        [2, 'a', null],
        [null, 'other-labels', 'scored on other test labels and release of the labels than most'],
        [null, 'other-images', 'scored on other test images and validation labels than most'],
        [null, 'nobody', 'no evaluation of it is here'],
        [null, 'undefined', 'no macro AUROC on the validation fold: 0 positives'],
      ],
    );
  });

  it('ranks nothing where no more than one was scored on the same', () => {
    const entries = [1, 2].map((seed) =>
      entry(`m${seed}`, {seed}, {val: 0.6, test: 0.6, scoredOn: {testImages: `t${seed}`}}),
    );
    const because = 'the models were not scored on the same images and labels';
    assert.deepEqual(places(entries), [
      [null, 'm1', because],
      [null, 'm2', because],
    ]);
    assert.deepEqual(places(entries.slice(1)), [[1, 'm2', null]]);
    assert.deepEqual(leaderboardOf(entries).groups, []);
  });

  it('gives mean, sample deviation and range over seeds; of one seed there is no deviation', () => {
    const {varied, groups} = leaderboardOf([
      entry('m[lr=1,seed=0]', {seed: 0, lr: 1}, {val: 0.5, test: 0.25}),
      entry('m[lr=1,seed=1]', {seed: 1, lr: 1}, {val: 0.75, test: null}),
      entry('m[lr=2,seed=0]', {seed: 0, lr: 2}, {val: 0.75, test: null}),
    ]);
    assert.deepEqual(varied, ['lr', 'seed']);
    const none = {defined: false, because: '1 seed'} as const;
    assert.deepEqual(groups, [
      {
        ...{of: 'm', values: {lr: 2}},
        ...{seeds: [0], models: ['m[lr=2,seed=0]']},
        val: {n: 1, mean: 0.75, sd: none, min: 0.75, max: 0.75},
        test: {n: 0},
      },
      {
        ...{of: 'm', values: {lr: 1}},
        ...{seeds: [1, 0], models: ['m[lr=1,seed=1]', 'm[lr=1,seed=0]']},
        val: {n: 2, mean: 0.625, sd: {defined: true, value: Math.sqrt(0.03125)}, min: 0.5, max: 0.75},
        test: {n: 1, mean: 0.25, sd: none, min: 0.25, max: 0.25},
      },
    ]);
  });

  it('groups the seeds of each stage by themselves, and no training that has none', () => {
    const seeds = (stage: string, scores: readonly number[]) =>
      scores.map((val, seed) => entry(`${stage}[seed=${seed}]`, {seed}, {val, test: null}));
    const board = leaderboardOf([
      ...seeds('small', [0.5, 0.75]),
      ...seeds('large', [0.75, 1]),
      entry('plain', {}, {val: 0.25, test: null}),
      entry('wide[lr=1]', {lr: 1}, {val: 0.25, test: null}),
    ]);
    assert.deepEqual(
      board.groups.map(({of, models, val}) => [of, models.length, 'mean' in val ? val.mean : null]),
      [
        ['large', 2, 0.875],
        ['small', 2, 0.625],
      ],
    );
    assert.match(describeLeaderboard(board), /\nlarge +2 +0\.875[^\n]+\nsmall +2 +0\.625/);
  });

  it('is a table that no spreadsheet computes', () => {
    const board = leaderboardOf([
      entry('m[weights="=1,2"]', {weights: '=1,2', seed: -1}, {val: 0.5, test: null}),
    ]);
    assert.equal(
      leaderboardCsv(board),
      `rank,model,evaluation,matrix.seed,matrix.weights,val_images,val_macro_auroc,val_macro_auroc_low,val_macro_auroc_high,val_macro_average_precision,test_images,test_macro_auroc,test_macro_auroc_low,test_macro_auroc_high,test_macro_average_precision,best_epoch,epochs,train_loss,seconds,images_per_second,device,ranks,unranked_because
1,"m[weights=""=1,2""]","of m[weights=""=1,2""]",-1,"'=1,2",9,0.5,0.4,0.6,0.5,9,,,,,1,2,0.25,12,40,cpu,2,
`,
    );
  });

  it('is shown with every interval, and with a word where there is no number', () => {
    const board = leaderboardOf([
      entry('m[seed=0]', {seed: 0}, {val: 0.5, test: 0.75}),
      entry('m[seed=1]', {seed: 1}, {val: 0.625, test: null}),
      entry('n', {}, {val: null, test: null, scoredOn: null}),
    ]);
    assert.equal(
      describeLeaderboard(board),
      `ranked by the macro AUROC on the validation fold; the test fold is shown beside it and decides nothing
   model      val AUROC            test AUROC           test AP  epoch  loss    time  speed        on
1  m[seed=1]  0.625 (0.525–0.725)  –                    –        1/2    0.2500  12 s  40 images/s  2 × cpu
2  m[seed=0]  0.500 (0.400–0.600)  0.750 (0.650–0.850)  0.750    1/2    0.2500  12 s  40 images/s  2 × cpu
–  n          –                    –                    –        1/2    0.2500  12 s  40 images/s  2 × cpu  no evaluation of it is here

over seeds  seeds  val AUROC                    test AUROC
m           2      0.563 sd 0.088, 0.500–0.625  0.750 no sd: 1 seed, 0.750–0.750
`,
    );
  });
});
