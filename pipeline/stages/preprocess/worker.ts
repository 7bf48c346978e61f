import {openSync} from 'node:fs';
import {workerData} from 'node:worker_threads';
import {crc32} from 'node:zlib';
import {ok} from '../../model/result.js';
import {serveTasks} from '../worker-pool.js';
import {type Decoded, decodePng} from './decode.js';
import type {Frame} from './frame.js';
import {createKernel} from './kernel.js';
import {writeRow} from './npy.js';
import {perceptualHash} from './phash.js';
import type {ChangedImage, DoneRow, RowOutcome} from './row.js';
import {readSource, unchanged} from './source-file.js';

export type PreprocessData = Readonly<{
  module: WebAssembly.Module;
  size: number;
  /** The .npy file, absolute; it exists in its full size. */
  pixelFile: string;
}>;

/** One image and what it must be, as a file (absolute path), as the content of one, or as gray values of a DICOM file. */
export type PreprocessTask = Readonly<{row: number; sha256: string}> &
  (
    | Readonly<{from: 'file'; path: string; bytes: number}>
    | Readonly<{from: 'content'; content: Uint8Array<ArrayBuffer>}>
    | (Readonly<{from: 'pixels'; pixels: Uint8Array<ArrayBuffer>; decoders: string}> & Source)
  );

/** What is told of the source of an image. */
type Source = Readonly<{frame: Frame; mode: string; notes: string}>;

const {module, size, pixelFile} = workerData as PreprocessData;
const kernel = createKernel(module, size);
const target = {descriptor: openSync(pixelFile, 'r+'), file: pixelFile};

serveTasks(carryOut);

function carryOut(task: PreprocessTask): RowOutcome | ChangedImage {
  const {row, sha256} = task;
  if (task.from === 'pixels') {
    const {frame, mode, notes, decoders} = task;
    const pixels = kernel.fromPixels(frame, task.pixels);
    return {...finished(task, {pixels, frame, mode, notes}), decoders};
  }
  const found =
    task.from === 'file' ? readSource(task.path, task.bytes) : ok(Buffer.from(task.content.buffer));
  const bytes = found.ok ? unchanged(found.value, sha256) : found;
  if (!bytes.ok) return {row, outcome: 'changed', how: bytes.error};
  const decoded = decodePng(bytes.value, kernel);
  return decoded.ok
    ? finished(task, decoded.value)
    : {row, sha256, outcome: 'unreadable', reason: decoded.error};
}

function finished({row, sha256}: PreprocessTask, {pixels, frame, mode, notes}: Decoded): DoneRow {
  writeRow(target, {row, pixels});
  const {width, height} = frame;
  const facts = {width, height, mode, mean: meanOf(pixels), phash: perceptualHash(pixels, size), notes};
  return {row, sha256, outcome: 'done', crc32: crc32(pixels), ...facts};
}

/** To three decimals. */
function meanOf(pixels: Uint8Array): number {
  let sum = 0;
  // An iterator would take ten times as long.
  for (let place = 0; place < pixels.length; place++) sum += pixels[place]!;
  return Math.round((1000 * sum) / pixels.length) / 1000;
}
