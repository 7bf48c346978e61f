import type {StageKind} from '../../model/stage-kind.js';
import {synthesizeParams} from './params.js';

/** Draws schematic chest radiographs in the shape of ChestX-ray14: to try the whole pipeline without any data. */
export const synthesize: StageKind = {
  uses: 'synthesize',
  version: 3,
  summary: 'draws a synthetic data set in the shape of ChestX-ray14',
  inputs: [],
  output: 'dataset',
  params: synthesizeParams,
  paths: [],
  speedOnly: [],
  slots: {},
  work: {kind: 'in-process', run: async (context) => (await import('./run.js')).runSynthesize(context)},
};
