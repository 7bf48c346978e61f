import {z} from 'zod';
import type {JsonObject} from '../../model/json.js';

/** All paths are absolute. */
export type AcquireParams = Readonly<{images: string; metadata: string; boxes?: string}>;

export const acquireParams = z
  .strictObject({
    images: z.string().min(1).describe('folder with the PNG files, at any depth'),
    metadata: z.string().min(1).describe('Data_Entry_2017.csv of either release, also gzipped'),
    boxes: z.string().min(1).optional().describe('BBox_List_2017.csv, also gzipped'),
  })
  .describe('radiographs on this machine and their metadata') as unknown as z.ZodType<JsonObject>;
