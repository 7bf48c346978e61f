import type {StageKind} from '../../model/stage-kind.js';
import {SPLIT_FILES, splitParams} from './params.js';

const CHEXNET = 'the lists of CheXNet are in github.com/arnoweng/CheXNet, ChestX-ray14/labels';
const HINTS: Readonly<Record<string, string>> = {
  train: `${CHEXNET}; method: chexnet has them built in`,
  val: `${CHEXNET}; method: chexnet has them built in`,
  test: `${CHEXNET}; method: chexnet and method: official need no files`,
  train_val: 'leave train_val and test out: the official test part is built in',
  file: 'name a CSV file with a row per image',
  trained_on: 'name the list of images that the weights were trained on, or chexnet',
};

/** Puts the images into train, val and test, no patient in two of them, and proves it. */
export const split: StageKind = {
  uses: 'split',
  version: 3,
  summary: 'puts the images into train, val and test by patient, and audits the folds for leaks',
  inputs: [{type: 'dataset', optional: false}],
  output: 'folds',
  params: splitParams,
  paths: SPLIT_FILES.map((param) => ({param, is: 'file' as const, hint: HINTS[param]!})),
  speedOnly: [],
  slots: {},
  work: {kind: 'in-process', run: async (context) => (await import('./run.js')).runSplit(context)},
};
