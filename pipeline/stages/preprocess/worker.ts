import {createHash} from 'node:crypto';
import {openSync, readFileSync, writeSync} from 'node:fs';
import {workerData} from 'node:worker_threads';
import {crc32} from 'node:zlib';
import {formatBytes} from '../../model/words.js';
import {serveTasks} from '../worker-pool.js';
import {decodeImage} from './decode.js';
import {createKernel} from './kernel.js';
import {NPY_HEADER_BYTES} from './npy.js';
import type {RowOutcome} from './row.js';

export type PreprocessData = Readonly<{
  module: WebAssembly.Module;
  size: number;
  /** The .npy file, absolute; it exists in its full size. */
  pixelFile: string;
}>;

/** One image: where it is and what it must be. `path` is absolute. */
export type PreprocessTask = Readonly<{row: number; path: string; sha256: string; bytes: number}>;

/** No radiograph is near this size, and a file is read in one piece. */
const MAX_FILE_BYTES = 256 * 2 ** 20;

const {module, size, pixelFile} = workerData as PreprocessData;
const kernel = createKernel(module, size);
const target = openSync(pixelFile, 'r+');

serveTasks(carryOut);

async function carryOut(task: PreprocessTask): Promise<RowOutcome> {
  const {row, sha256} = task;
  if (task.bytes > MAX_FILE_BYTES) {
    const reason = `is ${formatBytes(task.bytes)} large; more than ${formatBytes(MAX_FILE_BYTES)} are not read`;
    return {row, sha256, outcome: 'unreadable', reason};
  }
  const bytes = readImage(task.path);
  if (bytes === null) return {row, sha256, outcome: 'changed', how: 'is gone'};
  if (createHash('sha256').update(bytes).digest('hex') !== sha256) {
    return {row, sha256, outcome: 'changed', how: 'has another content'};
  }
  const decoded = await decodeImage(bytes, kernel);
  if (!decoded.ok) return {row, sha256, outcome: 'unreadable', reason: decoded.error};
  const {pixels, frame, mode} = decoded.value;
  writeRow(pixels, row);
  return {row, sha256, outcome: 'done', ...frame, mode, mean: meanOf(pixels), crc32: crc32(pixels)};
}

function readImage(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Every row has its own place, so threads need no lock and a row may be written again. */
function writeRow(pixels: Uint8Array, row: number): void {
  for (let written = 0; written < pixels.length; ) {
    const place = NPY_HEADER_BYTES + row * pixels.length + written;
    written += writeSync(target, pixels, written, pixels.length - written, place);
  }
}

/** To three decimals. */
function meanOf(pixels: Uint8Array): number {
  let sum = 0;
  // An iterator would take ten times as long.
  for (let place = 0; place < pixels.length; place++) sum += pixels[place]!;
  return Math.round((1000 * sum) / pixels.length) / 1000;
}
