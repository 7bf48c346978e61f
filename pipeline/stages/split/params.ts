import {z} from 'zod';
import type {JsonObject} from '../../model/json.js';

const fraction = z.number().gt(0).lt(1);

const seeded = z.strictObject({
  method: z.literal('seeded').describe('deals whole patients, findings balanced'),
  seed: z.int().min(0).max(4294967295).default(0),
  fractions: z
    .tuple([fraction, fraction, fraction])
    .refine(
      (shares) => Math.abs(shares[0] + shares[1] + shares[2] - 1) < 1e-9,
      'the three shares must add up to 1',
    )
    .default([0.7, 0.1, 0.2])
    .describe('shares of train, val and test'),
});

const lists = z.strictObject({
  method: z.literal('lists').describe('takes the folds from three files with an image name per line'),
  train: z.string().min(1),
  val: z.string().min(1),
  test: z.string().min(1),
});

export type SplitParams = z.output<typeof seeded> | z.output<typeof lists>;

export const splitParams = z.discriminatedUnion('method', [
  seeded,
  lists,
]) as unknown as z.ZodType<JsonObject>;
