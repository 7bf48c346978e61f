import {createHash} from 'node:crypto';
import {closeSync, fstatSync, openSync, readFileSync} from 'node:fs';
import {workerData} from 'node:worker_threads';
import {crc32} from 'node:zlib';
import {err, ok, type Result} from '../../model/result.js';
import {serveTasks} from '../worker-pool.js';
import {type Decoded, decodePng} from './decode.js';
import type {Frame} from './frame.js';
import {createKernel} from './kernel.js';
import {writeRow} from './npy.js';
import {perceptualHash} from './phash.js';
import type {ChangedImage, RowOutcome} from './row.js';

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
    | Readonly<{from: 'pixels'; pixels: Uint8Array<ArrayBuffer>; frame: Frame; mode: string; notes: string}>
  );

const {module, size, pixelFile} = workerData as PreprocessData;
const kernel = createKernel(module, size);
const target = {descriptor: openSync(pixelFile, 'r+'), file: pixelFile};

serveTasks(carryOut);

function carryOut(task: PreprocessTask): RowOutcome | ChangedImage {
  const {row, sha256} = task;
  if (task.from === 'pixels') {
    const {frame, mode, notes} = task;
    return finished(task, {pixels: kernel.fromPixels(frame, task.pixels), frame, mode, notes});
  }
  const bytes = task.from === 'file' ? readImage(task) : ok(Buffer.from(task.content.buffer));
  if (!bytes.ok) return {row, outcome: 'changed', how: bytes.error};
  if (createHash('sha256').update(bytes.value).digest('hex') !== sha256) {
    return {row, outcome: 'changed', how: 'has another content'};
  }
  const decoded = decodePng(bytes.value, kernel);
  return decoded.ok
    ? finished(task, decoded.value)
    : {row, sha256, outcome: 'unreadable', reason: decoded.error};
}

/** The size is asked first: what has become a file of many gigabytes is not read. */
function readImage({path, bytes}: Readonly<{path: string; bytes: number}>): Result<Buffer, string> {
  try {
    const file = openSync(path, 'r');
    try {
      return fstatSync(file).size === bytes ? ok(readFileSync(file)) : err('has another size');
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return err('is gone');
    throw error;
  }
}

function finished({row, sha256}: PreprocessTask, {pixels, frame, mode, notes}: Decoded): RowOutcome {
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
