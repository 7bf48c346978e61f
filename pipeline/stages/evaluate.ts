import {join} from 'node:path';
import {z} from 'zod';
import {FINDINGS} from '../model/findings.js';
import type {JsonObject} from '../model/json.js';
import type {StageContext, StageKind} from '../model/stage-kind.js';

/** A thousand resamples of both folds of ChestX-ray14 take some three seconds; this is for a machine in distress. */
const TIMEOUT_MS = 600_000;

const params = z.strictObject({
  resamples: z
    .int()
    .min(0)
    .max(100_000)
    .default(1000)
    .describe('patient resamples behind every interval; 0 for no intervals'),
  seed: z.int().min(0).max(4294967295).default(0).describe('of the resamples'),
  level: z.number().gt(0).lt(1).default(0.95).describe('of the intervals'),
});

/** Scores predictions against the labels of the data set. */
export const evaluate: StageKind = {
  uses: 'evaluate',
  version: 2,
  summary: 'scores predictions: AUROC and average precision with intervals over patients',
  inputs: [
    {type: 'predictions', optional: false},
    {type: 'dataset', optional: false},
    {type: 'folds', optional: false},
    // Its quarantined images have no prediction.
    {type: 'images', optional: true},
  ],
  output: 'evaluation',
  params,
  paths: [],
  speedOnly: [],
  slots: {},
  work: {kind: 'bridge', callable: 'chexnet.stages.evaluate:evaluate', timeoutMs: TIMEOUT_MS, input},
};

function input(context: StageContext): JsonObject {
  return {
    predictions: join(context.need('predictions').path, 'predictions.csv'),
    dataset: context.need('dataset').path,
    folds: context.need('folds').path,
    images: context.optionalNeed('images')?.path ?? null,
    out: context.out,
    findings: FINDINGS,
    params: context.params,
  };
}
