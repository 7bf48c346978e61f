import {acquire} from '../../pipeline/stages/acquire/stage.js';
import type {Bench, Finished} from './rig.js';

/** Header of the release of 2017, with its comma at the end. */
export const HEADER_2017 =
  'Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y],';

/** Metadata of the release of 2017: one row of text for each image. */
export function dataEntry(rows: readonly string[]): string {
  return `${[HEADER_2017, ...rows].join('\n')}\n`;
}

/** A valid row. */
export function entry(image: string, patient: number, labels = 'No Finding'): string {
  return `${image},${labels},0,${patient},58,M,PA,2682,2749,0.143,0.143,`;
}

/** A data set made of these image files, one patient each, in the order of their names. */
export async function datasetOf(
  bench: Bench,
  files: Readonly<Record<string, Uint8Array>>,
): Promise<Finished> {
  const names = Object.keys(files);
  for (const name of names) bench.write(`images/${name}`, files[name]!);
  const rows = names.map((name, index) => entry(name.slice(name.lastIndexOf('/') + 1), index + 1));
  const metadata = bench.write('entries.csv', dataEntry(rows));
  return bench.run(acquire, {images: `${bench.folder}/images`, metadata});
}
