import {createHash} from 'node:crypto';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {workerData} from 'node:worker_threads';
import type {BoxRow} from '../dataset.js';
import {serveTasks} from '../worker-pool.js';
import {DRAWN_SIZE} from './anatomy.js';
import type {PlannedImage} from './cohort.js';
import {createPngWriter} from './png-writer.js';
import {drawRadiograph, type Radiograph} from './radiograph.js';

/** `folder` is where the images go, absolute; `size` is their side in pixels. */
export type SynthesizeData = Readonly<{folder: string; size: number}>;

export type SynthesizeTask = Readonly<{index: number; rgba: boolean; planned: PlannedImage}>;

export type SynthesizeDone = Readonly<{
  index: number;
  bytes: number;
  sha256: string;
  boxes: readonly BoxRow[];
}>;

const {folder, size} = workerData as SynthesizeData;
const writer = createPngWriter(size);

serveTasks(carryOut);

function carryOut({index, rgba, planned}: SynthesizeTask): SynthesizeDone {
  const {row, patientSeed, imageSeed} = planned;
  const radiograph = drawRadiograph({findings: row.findings, patientSeed, imageSeed});
  const file = writer.write(radiograph.pixels, {seed: imageSeed + 1, rgba});
  writeFileSync(join(folder, row.image), file);
  const sha256 = createHash('sha256').update(file).digest('hex');
  return {index, bytes: file.length, sha256, boxes: boxesOf(row.image, radiograph)};
}

/** In pixels of the enlarged image, to a tenth, within its frame. */
function boxesOf(image: string, {boxes}: Radiograph): readonly BoxRow[] {
  const place = (drawn: number): number => {
    const enlarged = Math.min(size, Math.max(0, (drawn * size) / DRAWN_SIZE));
    return Math.round(enlarged * 10);
  };
  return boxes.map(({finding, at}) => {
    const [left, top, right, bottom] = [place(at[0]), place(at[1]), place(at[2]), place(at[3])];
    return {
      image,
      finding,
      x: left / 10,
      y: top / 10,
      width: (right - left) / 10,
      height: (bottom - top) / 10,
    };
  });
}
