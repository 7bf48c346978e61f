import {FOLDS} from '../../model/findings.js';
import type {StageKind} from '../../model/stage-kind.js';
import {splitParams} from './params.js';

const LIST_HINT = 'the lists of CheXNet are in github.com/arnoweng/CheXNet, ChestX-ray14/labels';

/** Deals the images to train, val and test, no patient in two of them. */
export const split: StageKind = {
  uses: 'split',
  version: 1,
  summary: 'deals the images to train, val and test by patient',
  inputs: [{type: 'dataset', optional: false}],
  output: 'folds',
  params: splitParams,
  paths: FOLDS.map((fold) => ({param: fold, is: 'file' as const, hint: LIST_HINT})),
  speedOnly: [],
  slots: {},
  work: {kind: 'in-process', run: async (context) => (await import('./run.js')).runSplit(context)},
};
