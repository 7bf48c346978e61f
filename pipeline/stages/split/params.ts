import {z} from 'zod';
import {FOLDS} from '../../model/findings.js';
import type {JsonObject} from '../../model/json.js';
import {SPLIT_CHECKS} from '../audit/document.js';

const fraction = z.number().gt(0).lt(1);
const file = z.string().min(1);
const SEED = z.int().min(0).max(4294967295).default(0);

const PUBLISHED = 'chexnet';

function isPublished(given: unknown): boolean {
  return (
    typeof given === 'object' && given !== null && Object.entries(given).join() === `published,${PUBLISHED}`
  );
}

/** Beside the parameters of every method. */
const OF_ALL = {
  accept: z
    .array(z.enum(SPLIT_CHECKS))
    .default([])
    .describe('checks of the leakage audit that may fail without stopping the run'),
  // As it is resolved, so that the configuration that a run keeps can be read again.
  trained_on: z
    .preprocess(
      (given) => (isPublished(given) ? PUBLISHED : given),
      file.transform((name) => (name === PUBLISHED ? {published: name} : name)),
    )
    .optional()
    .describe(
      'list of the images that imported weights were trained on, a name per line, or chexnet for the published ' +
        'training list: the audit fails when an image of val or test, or another of its patient, is ' +
        'among them',
    ),
};

const seeded = z.strictObject({
  method: z.literal('seeded').describe('deals whole patients, findings balanced'),
  seed: SEED,
  fractions: z
    .tuple([fraction, fraction, fraction])
    .refine(
      (shares) => Math.abs(shares[0] + shares[1] + shares[2] - 1) < 1e-9,
      'the three shares must add up to 1',
    )
    .default([0.7, 0.1, 0.2])
    .describe('shares of train, val and test'),
  ...OF_ALL,
});

const lists = z.strictObject({
  method: z.literal('lists').describe('takes the folds from three files with an image name per line'),
  train: file,
  val: file,
  test: file,
  ...OF_ALL,
});

const chexnet = z.strictObject({
  method: z
    .literal('chexnet')
    .describe(
      'the published folds of the CheXNet re-implementations, built in: 78,468 / 11,219 / 22,433 images',
    ),
  ...OF_ALL,
});

const official = z
  .strictObject({
    method: z
      .literal('official')
      .describe(
        "the publisher's test part of 25,596 images, built in; val is dealt from the rest by patient",
      ),
    seed: SEED,
    val_fraction: fraction.default(0.125).describe('share of train_val that becomes val'),
    train_val: file.optional().describe("instead of the built-in part: the publisher's train_val_list.txt"),
    test: file.optional().describe("instead of the built-in part: the publisher's test_list.txt"),
    ...OF_ALL,
  })
  .refine(({train_val, test}) => (train_val === undefined) === (test === undefined), {
    message: 'train_val and test go together: name both files, or none',
  });

const scalar = z.union([z.string(), z.number()]);
const cell = z.union([scalar, z.array(scalar).min(1)]).transform((value) => [value].flat().map(String));

const column = z.strictObject({
  method: z.literal('column').describe('takes the folds from a column of a CSV file'),
  file: file.describe('CSV file with a header and a row per image'),
  image_column: z.string().min(1).describe('header of the column with the image names'),
  column: z.string().min(1).describe('header of the column that tells the fold'),
  values: z
    .strictObject({
      train: cell.prefault('train'),
      val: cell.prefault('val'),
      test: cell.prefault('test'),
      left_out: cell.optional().describe('of images that no fold gets; an empty cell means that too'),
    })
    .refine((values) => {
      const all = Object.values(values).flatMap((cells) => cells ?? []);
      return new Set(all).size === all.length;
    }, 'the same value stands for two folds')
    .prefault({})
    .describe('what the column says for each fold, one value or a list'),
  ...OF_ALL,
});

const folds = z
  .strictObject({
    method: z.literal('folds').describe('k equal parts by patient, findings balanced, for cross-validation'),
    k: z.int().min(3).max(100).describe('number of parts'),
    test_part: z
      .int()
      .min(0)
      .describe('the part that is the test fold, from 0; the one after it is val, the others are train'),
    seed: SEED,
    ...OF_ALL,
  })
  .refine(({k, test_part}) => test_part < k, {
    path: ['test_part'],
    message: 'the parts are numbered from 0 to k - 1',
  });

const archives = z.strictObject({
  method: z
    .literal('archives')
    .describe('trains on the first of the twelve published archives, for measuring speed and nothing else'),
  train: z
    .int()
    .min(1)
    .max(11)
    .describe('how many archives: 1 is the list of 4,999 images that the origin had for this, 2 are 14,999'),
  held_out: z
    .int()
    .min(1)
    .default(500)
    .describe('images that val has at least, and test: those of the next whole patients'),
  ...OF_ALL,
});

const METHODS = [seeded, lists, chexnet, official, column, folds, archives] as const;

export type SplitParams = z.output<(typeof METHODS)[number]>;
export type ParamsOf<Method extends SplitParams['method']> = Extract<SplitParams, {method: Method}>;

export const splitParams = z.discriminatedUnion('method', METHODS) as unknown as z.ZodType<JsonObject>;

/** Parameters that name files, whatever the method. */
export const SPLIT_FILES = [...FOLDS, 'train_val', 'file', 'trained_on'] as const;
