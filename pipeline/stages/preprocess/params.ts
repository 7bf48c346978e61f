import {z} from 'zod';

export const preprocessParams = z.strictObject({
  size: z.int().min(64).max(1024).default(256).describe('side of the square images it makes, in pixels'),
  allow_unreadable: z
    .int()
    .min(0)
    .default(0)
    .describe('how many unreadable images are left out instead of failing the stage'),
});

export type PreprocessParams = z.output<typeof preprocessParams>;
