import {join} from 'node:path';
import {z} from 'zod';
import {FINDINGS} from '../model/findings.js';
import type {Launch, StageContext, StageKind} from '../model/stage-kind.js';
import {DEVICE, PRECISION, RANKS, THREADS, threadEnvironment} from './job-params.js';
import {IMAGENET_FILE, inTorchCache} from './torch-cache.js';
import {WEIGHTS_FILE} from './weights/params.js';

const share = (of: string) => z.number().min(0).max(1).describe(of);

/** Mirrored by py/chexnet/training/params.py. What decides the result has no default; configurations name it. */
const params = z
  .strictObject({
    device: DEVICE,
    ranks: RANKS.default(1).describe('processes that train together, each on a device of its own'),
    threads: THREADS,
    seed: z.int().min(0).default(0).describe('of the initial weights, the order and the augmentation'),
    epochs: z.int().min(1).describe('times that every training image is seen'),
    batch_size: z.int().min(1).describe('images of one step over all ranks'),
    weights: z
      .string()
      .min(1)
      .default('none')
      .transform((path) => (path === 'none' ? null : path))
      .describe(
        "weights to start from: a file (torchvision's of ImageNet, a published CheXNet, a model or checkpoint of an " +
          "earlier run), imagenet for the file in torch's cache, or none",
      ),
    input: z.strictObject({
      crop: z.int().min(32).describe('side of the square that the model sees, in pixels'),
      normalize: z
        .enum(['per-image', 'imagenet', 'xray'])
        .default('per-image')
        .describe("scaling of grey values: by the image itself, as ImageNet's, as ChestX-ray14's"),
    }),
    augment: z
      .union([
        z.literal('none'),
        z.strictObject({
          flip: share('probability that an image is mirrored').default(0),
          shift: z.int().min(0).default(0).describe('most pixels of a shift in each direction'),
        }),
      ])
      .default('none')
      .describe(
        'what varies from epoch to epoch; an image stored greater than the crop is then cut at random',
      ),
    optimizer: z.strictObject({
      name: z.enum(['sgd', 'adam', 'adamw']),
      lr: z.number().gt(0).describe('highest learning rate'),
      weight_decay: z.number().min(0).default(0),
      momentum: share('of sgd').default(0.9),
    }),
    schedule: z
      .strictObject({
        name: z.enum(['constant', 'cosine']).default('constant'),
        warmup: share('share of all steps over which the learning rate rises').default(0),
      })
      .default({name: 'constant', warmup: 0}),
    precision: PRECISION,
    checkpoint_steps: z.int().min(1).default(200).describe('steps between checkpoints within an epoch'),
    report_steps: z.int().min(1).default(10).describe('steps between reports'),
    early_stopping_epochs: z
      .int()
      .min(1)
      .nullable()
      .default(null)
      .describe('end after so many epochs without a better validation AUROC'),
    deterministic: z.boolean().default(true).describe('only kernels that repeat exactly'),
    freeze_batch_norm: z.boolean().default(false).describe('use the running statistics, leave them alone'),
    ema: share('decay of a moving average of the weights, which is then validated and exported')
      .nullable()
      .default(null),
    clip_norm: z.number().gt(0).nullable().default(null).describe('longest gradient'),
  })
  .refine(({batch_size, ranks}) => batch_size % ranks === 0, {
    path: ['batch_size'],
    message: 'the batch size is over all ranks and must be a multiple of their number',
  });

/** Trains DenseNet-121 under torch.distributed; resumes from its last checkpoint with the same bits. */
export const train: StageKind = {
  uses: 'train',
  version: 1,
  summary: 'trains DenseNet-121 on the training fold, validated on the validation fold after every epoch',
  inputs: [
    {type: 'images', optional: false},
    {type: 'folds', optional: false},
    {type: 'dataset', optional: false},
    // Where there is one it must pass first; what it says changes no weight.
    {type: 'audit', optional: true, inKey: false},
  ],
  output: 'model',
  params,
  paths: [
    {
      param: 'weights',
      is: 'file',
      words: {imagenet: inTorchCache},
      hint:
        `name a file of weights; or, for those of ImageNet, place ${IMAGENET_FILE} in the hub/checkpoints folder of ` +
        "torch's cache and write weights: imagenet; or add a stage that uses weights, with url and sha256; or start " +
        'from random weights with weights: none',
    },
  ],
  speedOnly: ['threads', 'checkpoint_steps', 'report_steps'],
  slots: {},
  work: {kind: 'distributed', launch},
};

function launch(context: StageContext): Launch {
  const ranks = Number(context.params['ranks']);
  return {
    module: 'chexnet.training.train',
    ranks,
    torchrun: ranks > 1,
    arguments: {
      params: context.params,
      images: context.need('images').path,
      folds: context.need('folds').path,
      dataset: context.need('dataset').path,
      out: context.out,
      resume: context.resume,
      findings: FINDINGS,
    },
    environment: threadEnvironment(context.params),
  };
}
    {type: 'weights', optional: true},
  const fetched = context.optionalNeed('weights');
      weights: fetched === null ? null : join(fetched.path, WEIGHTS_FILE),
