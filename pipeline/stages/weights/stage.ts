import type {StageKind} from '../../model/stage-kind.js';
import {weightsParams} from './params.js';

/** Fetches weights to start a training from; nothing but the file with the right SHA-256 is taken. */
export const weights: StageKind = {
  uses: 'weights',
  version: 1,
  summary: 'fetches weights from a web server and verifies them, for a training to start from',
  inputs: [],
  output: 'weights',
  params: weightsParams,
  paths: [],
  speedOnly: ['url', 'bytes', 'redirect_hosts', 'retries', 'retry_seconds', 'stall_seconds'],
  slots: {},
  work: {kind: 'in-process', run: async (context) => (await import('./run.js')).fetchWeights(context)},
};
