import {join} from 'node:path';
import {z} from 'zod';
import {FINDINGS} from '../model/findings.js';
import type {Launch, StageContext, StageKind} from '../model/stage-kind.js';
import {COMPILE, DEVICE, PRECISION, RANKS, THREADS, threadEnvironment} from './job-params.js';
import {IMAGENET_FILES, inTorchCache} from './torch-cache.js';
import {TRAIN_PRESETS} from './train-presets.js';
import {AUGMENT, LOSS, OPTIMIZER, SCHEDULE} from './train-recipe.js';
import {WEIGHTS_FILE} from './weights/params.js';

/** What decides the result and has no default. */
const DECISIVE = ['epochs', 'batch_size', 'input', 'optimizer'];

/** Mirrored by py/chexnet/training/params.py. What decides the result has no default; configurations name it. */
const params = z
  .strictObject({
    preset: z
      .enum([...TRAIN_PRESETS.keys()])
      .nullable()
      .default(null)
      .describe('recipe that fills in what is not given'),
    device: DEVICE,
    ranks: RANKS.default(1).describe('processes that train together, each on a device of its own'),
    threads: THREADS,
    seed: z.int().min(0).default(0).describe('of the initial weights, the order and the augmentation'),
    epochs: z.int().min(1).describe('times that every training image is seen'),
    images: z
      .int()
      .min(1)
      .nullable()
      .default(null)
      .describe('so many images of the training fold, chosen by the seed; left out, all'),
    batch_size: z.int().min(1).describe('images of one step over all ranks'),
    accumulate: z
      .int()
      .min(1)
      .default(1)
      .describe('passes that a rank takes its part of a step in, for want of memory'),
    last_batch: z
      .enum(['drop', 'keep'])
      .default('drop')
      .describe('the odd images at the end of an epoch: left out, or a smaller step'),
    backbone: z
      .enum(Object.keys(IMAGENET_FILES) as (keyof typeof IMAGENET_FILES)[])
      .default('densenet121')
      .describe('the network'),
    weights: z
      .string()
      .min(1)
      .nullable()
      .default('none')
      .transform((path) => (path === 'none' ? null : path))
      .describe(
        "weights to start from: a file (torchvision's of ImageNet, a published CheXNet, a model or checkpoint of an " +
          "earlier run), imagenet for the file in torch's cache, or none",
      ),
    prior_bias: z
      .boolean()
      .default(true)
      .describe('new outputs begin by saying the prevalence in the training fold'),
    freeze_epochs: z.int().min(0).default(0).describe('first epochs in which only the last layer learns'),
    input: z.strictObject({
      crop: z.int().min(32).describe('side of the square that the model sees, in pixels'),
      normalize: z
        .enum(['per-image', 'imagenet', 'xray'])
        .default('per-image')
        .describe("scaling of grey values: by the image itself, as ImageNet's, as ChestX-ray14's"),
    }),
    augment: AUGMENT,
    ten_crop: z
      .boolean()
      .default(false)
      .describe('corners, centre and their mirror images instead of one view; for preset origin alone'),
    loss: LOSS,
    optimizer: OPTIMIZER,
    schedule: SCHEDULE,
    precision: PRECISION,
    compile: COMPILE,
    sync_batch_norm: z
      .boolean()
      .default(false)
      .describe('batch-norm statistics of the images of all ranks, where the device has it'),
    resident: z
      .enum(['auto', 'always', 'never'])
      .default('auto')
      .describe("whether the images stay in the device's memory; auto: where they take 40 % of what is free"),
    checkpoint_steps: z.int().min(1).default(200).describe('steps between checkpoints within an epoch'),
    report_steps: z.int().min(1).default(10).describe('steps between reports'),
    best_by: z
      .enum(['val_auroc_macro', 'val_loss', 'last'])
      .default('val_auroc_macro')
      .describe('what the best epoch is chosen by, and early stopping waits for'),
    early_stopping_epochs: z
      .int()
      .min(1)
      .nullable()
      .default(null)
      .describe('end after so many epochs without a better one'),
    deterministic: z.boolean().default(true).describe('only kernels that repeat exactly'),
    freeze_batch_norm: z.boolean().default(false).describe('use the running statistics, leave them alone'),
    ema: z
      .number()
      .min(0)
      .max(1)
      .describe('decay of a moving average of the weights, which is then validated and exported')
      .nullable()
      .default(null),
    clip_norm: z.number().gt(0).nullable().default(null).describe('longest gradient'),
  })
  // For editors: with a preset nothing else is wanted. Without one the parser wants them all the same.
  .meta({required: undefined, anyOf: [{required: ['preset']}, {required: DECISIVE}]})
  .superRefine((given, context) => {
    for (const {path, message} of contradictions(given)) {
      context.addIssue({code: 'custom', path: [path], message});
    }
  });

type Given = Readonly<{
  preset: string | null;
  batch_size: number;
  ranks: number;
  accumulate: number;
  ten_crop: boolean;
  loss: Readonly<{name: string}>;
  augment: unknown;
  best_by: string;
  early_stopping_epochs: number | null;
}>;

/** Parameters that do not go together, each told at one of them. */
function contradictions(given: Given): readonly Readonly<{path: keyof Given; message: string}>[] {
  const {batch_size, ranks, accumulate, ten_crop, loss, augment} = given;
  const isOrigin = given.preset === 'origin';
  const found: {path: keyof Given; message: string}[] = [];
  if (batch_size % ranks !== 0) {
    const message = 'the batch size is over all ranks and must be a multiple of their number';
    found.push({path: 'batch_size', message});
  } else if (batch_size % (ranks * accumulate) !== 0) {
    const message = 'the batch size must be a multiple of ranks times accumulate';
    found.push({path: 'accumulate', message});
  }
  if (loss.name === 'sigmoid-cross-entropy' && !isOrigin)
    found.push({path: 'loss', message: 'this loss is an oddity that only preset: origin has'});
  if (ten_crop && !isOrigin)
    found.push({
      path: 'ten_crop',
      message: 'ten crops in training are an oddity that only preset: origin has',
    });
  if (ten_crop && isOrigin && (loss.name !== 'sigmoid-cross-entropy' || augment !== 'none'))
    found.push({path: 'ten_crop', message: 'ten crops go with loss sigmoid-cross-entropy and augment: none'});
  if (given.early_stopping_epochs !== null && given.best_by === 'last')
    found.push({
      path: 'early_stopping_epochs',
      message: 'early stopping needs a metric, and best_by is last',
    });
  return found;
}

/** Trains its backbone under torch.distributed; resumes from its last checkpoint with the same bits. */
export const train: StageKind = {
  uses: 'train',
  version: 3,
  summary: 'trains a network on the training fold, validated on the validation fold after every epoch',
  inputs: [
    {type: 'images', optional: false},
    {type: 'folds', optional: false},
    {type: 'dataset', optional: false},
    // Where there is one it must pass first; what it says changes no weight.
    {type: 'audit', optional: true, inKey: false},
    {type: 'weights', optional: true},
  ],
  output: 'model',
  params,
  presets: TRAIN_PRESETS,
  paths: [
    {
      param: 'weights',
      is: 'file',
      words: {imagenet: inTorchCache},
      hint:
        "name a file of weights; or, for those of ImageNet, place torchvision's " +
        `(${Object.values(IMAGENET_FILES).join(', ')}) in the hub/checkpoints folder of torch's cache and write ` +
        'weights: imagenet; or add a stage that uses weights, with url and sha256; or start from random weights with ' +
        'weights: none',
    },
  ],
  speedOnly: ['threads', 'resident', 'checkpoint_steps', 'report_steps'],
  slots: {},
  retries: 2,
  work: {kind: 'distributed', launch},
};

function launch(context: StageContext): Launch {
  const ranks = Number(context.params['ranks']);
  const fetched = context.optionalNeed('weights');
  return {
    module: 'chexnet.training.train',
    ranks,
    torchrun: ranks > 1,
    arguments: {
      params: context.params,
      weights: fetched === null ? null : join(fetched.path, WEIGHTS_FILE),
      images: context.need('images').path,
      folds: context.need('folds').path,
      dataset: context.need('dataset').path,
      out: context.out,
      resume: context.resume,
      findings: FINDINGS,
    },
    environment: threadEnvironment(context.params),
    promises: ['best.pt', 'last.pt', 'latest.json', 'history.csv', 'steps.ndjson'],
  };
}
