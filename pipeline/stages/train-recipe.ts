import {z} from 'zod';

/** How a model learns. Mirrored by py/chexnet/training/recipe.py. */

const share = (of: string) => z.number().min(0).max(1).describe(of);

const label_smoothing = share('how far labels are drawn from 0 and 1 to one half').default(0);

export const LOSS = z
  .discriminatedUnion('name', [
    z.strictObject({
      name: z.literal('bce').describe('binary cross-entropy'),
      label_smoothing,
      positive_weight: z
        .union([z.enum(['none', 'prevalence']), z.number().gt(0)])
        // As the resolved configuration of a run spells none.
        .nullable()
        .default('none')
        .transform((weight) => (weight === 'none' ? null : weight))
        .describe('factor of positive labels; prevalence: negatives by positives of the finding in training'),
    }),
    z.strictObject({
      name: z.literal('focal').describe('Lin et al. 2017'),
      label_smoothing,
      gamma: z.number().min(0).default(2).describe('power that plays down what is right already'),
      alpha: share('weight of positive labels; of the others its rest to 1').nullable().default(null),
    }),
    z.strictObject({
      name: z.literal('asymmetric').describe('Ridnik et al. 2021'),
      label_smoothing,
      gamma_negative: z.number().min(0).default(4).describe('power for negative labels'),
      gamma_positive: z.number().min(0).default(0).describe('power for positive labels'),
      margin: z
        .number()
        .min(0)
        .max(0.5)
        .default(0.05)
        .describe('probability of a negative that costs nothing'),
    }),
    z.strictObject({
      name: z
        .literal('sigmoid-cross-entropy')
        .describe('softmax over probabilities, as the origin had it; for preset origin alone'),
    }),
  ])
  .default({name: 'bce', label_smoothing: 0, positive_weight: null});

export const OPTIMIZER = z.strictObject({
  name: z.enum(['sgd', 'adam', 'adamw']),
  lr: z.number().gt(0).describe('highest learning rate'),
  weight_decay: z.number().min(0).default(0),
  momentum: share('of sgd').default(0.9),
});

const warmup = share('share of all steps over which the learning rate rises').default(0);
const factor = z.number().gt(0).max(1).default(0.1).describe('what the learning rate is multiplied by');

export const SCHEDULE = z
  .union([
    z.strictObject({name: z.enum(['constant', 'cosine']).default('constant'), warmup}),
    z.strictObject({
      name: z.literal('step'),
      warmup,
      every_epochs: z.int().min(1).describe('epochs between reductions'),
      factor,
    }),
    z.strictObject({
      name: z.literal('one-cycle').describe('Smith 2018'),
      warmup: share('share of all steps over which the learning rate rises').default(0.3),
      start: share('share of the highest rate at the first step').default(0.04),
      end: share('share of the highest rate at the last step').default(4e-6),
    }),
    z.strictObject({
      name: z.literal('plateau'),
      warmup,
      metric: z
        .enum(['val_auroc_macro', 'val_loss', 'train_loss'])
        .default('val_loss')
        .describe('what has to improve'),
      factor,
      patience_epochs: z.int().min(0).default(0).describe('epochs without improvement that are borne'),
      threshold: share('share of the best value that an improvement has to exceed').default(0),
    }),
  ])
  .default({name: 'constant', warmup: 0});

export const AUGMENT = z
  .union([
    z.literal('none'),
    z.strictObject({
      flip: share('probability that an image is mirrored').default(0),
      shift: z.int().min(0).default(0).describe('most pixels of a shift in each direction'),
      resized_crop: z
        .number()
        .gt(0)
        .max(1)
        .nullable()
        .default(null)
        .describe('least share of the area of a box, 3:4 to 4:3, that is stretched to the crop'),
      rotate: z.number().min(0).max(180).default(0).describe('most degrees in either direction'),
      zoom: z.number().min(0).max(0.9).default(0).describe('most relative change of size'),
      brightness: share('most relative change').default(0),
      contrast: share('most relative change').default(0),
      cutout: share('side of a square that is blanked, by the side of the crop').default(0),
      mixup: z.number().min(0).default(0).describe('images are mixed in pairs by Beta(mixup, mixup)'),
    }),
  ])
  .default('none')
  .describe('what varies from epoch to epoch; an image stored greater than the crop is then cut at random');
