import {z} from 'zod';
import type {JsonObject} from '../../model/json.js';
import {IMAGE_CHECKS} from './document.js';

const shape = z.strictObject({
  accept: z
    .array(z.enum(IMAGE_CHECKS))
    .default([])
    .describe('checks that may fail without stopping the run; those of split are accepted there'),
  near_duplicate_bits: z
    .int()
    .min(0)
    .max(12)
    .default(8)
    .describe('bits of 64 in which the perceptual hashes of two images may differ for a closer look'),
  near_duplicate_likeness: z
    .number()
    .gt(0)
    .max(1)
    .default(0.85)
    .describe('correlation of their details from which on two images are near-duplicates'),
});

export type AuditParams = z.output<typeof shape>;

export const auditParams = shape as unknown as z.ZodType<JsonObject>;
