import {z} from 'zod';

export const synthesizeParams = z.strictObject({
  images: z.int().min(1).max(100_000).describe('how many radiographs to draw'),
  seed: z.int().min(0).max(1_000_000).default(0).describe('another seed draws other patients'),
  size: z
    .union([z.literal(256), z.literal(512), z.literal(1024)])
    .default(1024)
    .describe('side of the square images in pixels'),
});

export type SynthesizeParams = z.output<typeof synthesizeParams>;
