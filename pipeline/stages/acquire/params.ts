import {z} from 'zod';
import type {JsonObject} from '../../model/json.js';

/** All paths are absolute. */
export type AcquireParams = Readonly<{
  metadata: string;
  images?: string | readonly string[];
  boxes?: string;
  adjudicated?: string;
  unpack: boolean;
}>;

const path = z.string().min(1);

export const acquireParams = z
  .strictObject({
    metadata: path.describe('Data_Entry_2017.csv of either release, also gzipped'),
    images: z
      .union([path, z.array(path)])
      .optional()
      .describe(
        'a folder with PNG or DICOM files at any depth, an archive of them (.tar, .tar.gz, .tgz), or a list of both; without it, or with an empty list, there are the archives of a download, or the tables alone',
      ),
    boxes: path.optional().describe('BBox_List_2017.csv, also gzipped'),
    adjudicated: path.optional().describe('labels that radiologists gave to 4,376 of the images'),
    unpack: z
      .boolean()
      .default(false)
      .describe('write the images of archives to the artifact instead of reading them where they are'),
  })
  .describe('radiographs on this machine and their metadata') as unknown as z.ZodType<JsonObject>;
