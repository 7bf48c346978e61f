import {z} from 'zod';
import {FINDINGS, FOLDS} from '../model/findings.js';
import type {Launch, StageContext, StageKind} from '../model/stage-kind.js';
import {COMPILE, DEVICE, PRECISION, RANKS, THREADS, threadEnvironment} from './job-params.js';

/** Mirrored by py/chexnet/training/params.py. */
const params = z.strictObject({
  device: DEVICE,
  ranks: RANKS.default(1).describe('processes that share the images; the scores do not depend on it'),
  threads: THREADS,
  batch_size: z.int().min(1).default(32).describe('images of one forward pass on one rank'),
  folds: z.array(z.enum(FOLDS)).min(1).default(['val', 'test']).describe('folds to score'),
  precision: PRECISION,
  compile: COMPILE,
});

/** Scores images with the best model of a training: one row per image, every image once. */
export const predict: StageKind = {
  uses: 'predict',
  version: 2,
  summary: "scores the validation and test folds with the training's best model",
  inputs: [
    {type: 'model', optional: false},
    {type: 'images', optional: false},
    {type: 'folds', optional: false},
    {type: 'dataset', optional: false},
  ],
  output: 'predictions',
  params,
  paths: [],
  speedOnly: ['ranks', 'threads'],
  slots: {},
  retries: 2,
  work: {kind: 'distributed', launch},
};

function launch(context: StageContext): Launch {
  const ranks = Number(context.params['ranks']);
  return {
    module: 'chexnet.training.predict',
    ranks,
    torchrun: ranks > 1,
    arguments: {
      params: context.params,
      model: context.need('model').path,
      images: context.need('images').path,
      folds: context.need('folds').path,
      dataset: context.need('dataset').path,
      out: context.out,
      resume: context.resume,
      findings: FINDINGS,
    },
    environment: threadEnvironment(context.params),
    promises: ['predictions.csv'],
  };
}
