import type {StageKind} from '../../model/stage-kind.js';
import {preprocessParams} from './params.js';

/** Decodes every image once: one uint8 array that training maps into memory. */
export const preprocess: StageKind = {
  uses: 'preprocess',
  version: 2,
  summary: 'decodes and resizes every image once, into one array',
  inputs: [
    {type: 'dataset', optional: false},
    // Where images that are in archives are read from; the data set has the digest of each.
    {type: 'archives', optional: true, inKey: false},
  ],
  output: 'images',
  params: preprocessParams,
  paths: [],
  // Not even allow_unreadable: where it is lowered, a result with more images left out must not be taken for good.
  speedOnly: [],
  slots: {},
  work: {kind: 'in-process', run: async (context) => (await import('./run.js')).runPreprocess(context)},
};
