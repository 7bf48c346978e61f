import type {StageKind} from '../../model/stage-kind.js';
import {countOf} from '../../model/words.js';
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
  // It decides whether there is a result, never what it is: raised after a failure, nothing is decoded twice.
  speedOnly: ['allow_unreadable'],
  slots: {},
  refuses: (summary, params) => {
    const [quarantined, allowed] = [Number(summary['quarantined']), Number(params['allow_unreadable'])];
    if (quarantined <= allowed) return null;
    return `${countOf(quarantined, 'image is', 'images are')} left out, ${allowed} may be (allow_unreadable)`;
  },
  work: {kind: 'in-process', run: async (context) => (await import('./run.js')).runPreprocess(context)},
};
