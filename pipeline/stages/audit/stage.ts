import type {StageKind} from '../../model/stage-kind.js';
import {auditParams} from './params.js';

/** Looks for the same image in two folds; a leak stops the run before anything is trained. */
export const audit: StageKind = {
  uses: 'audit',
  version: 2,
  summary: 'looks for equal and nearly equal images in different folds, beside what split has checked',
  inputs: [
    {type: 'dataset', optional: false},
    {type: 'folds', optional: false},
    {type: 'images', optional: true},
  ],
  output: 'audit',
  params: auditParams,
  paths: [],
  speedOnly: [],
  slots: {},
  work: {kind: 'in-process', run: async (context) => (await import('./run.js')).runAudit(context)},
};
