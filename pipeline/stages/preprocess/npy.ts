import {writeSync} from 'node:fs';
import {type FileHandle, open} from 'node:fs/promises';

/** Bytes before the first array element: what NumPy writes for shapes up to this size, padded the same for all. */
export const NPY_HEADER_BYTES = 128;

/** Rows are read so many bytes at a time, or one by one when they are larger. */
const BLOCK_BYTES = 16 * 2 ** 20;

/** Header of a .npy file, format 1.0: `rows` square images of unsigned bytes, in C order. */
export function npyHeader({rows, size}: Readonly<{rows: number; size: number}>): Buffer {
  const description = `{'descr': '|u1', 'fortran_order': False, 'shape': (${rows}, ${size}, ${size}), }`;
  const start = Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, NPY_HEADER_BYTES - 10, 0]);
  return Buffer.concat([start, Buffer.from(`${description.padEnd(NPY_HEADER_BYTES - 11)}\n`)]);
}

export function npyBytes({rows, size}: Readonly<{rows: number; size: number}>): number {
  return NPY_HEADER_BYTES + rows * size * size;
}

/**
 * Reads some rows of a .npy file, block by block, and no block without such a row.
 * @param rows - Ascending.
 * @returns Each row's pixels, a view that is overwritten when the next one is asked for.
 * @throws System errors; EIO when the file ends before such a row does.
 */
export async function* readRows(
  file: string,
  {rows, size, signal}: Readonly<{rows: readonly number[]; size: number; signal: AbortSignal}>,
): AsyncGenerator<Readonly<{row: number; pixels: Buffer}>, void, void> {
  const rowBytes = size * size;
  const blockRows = Math.max(1, Math.floor(BLOCK_BYTES / rowBytes));
  const block = Buffer.allocUnsafe(Math.min(blockRows, rows.length === 0 ? 0 : rows.at(-1)! + 1) * rowBytes);
  const source = await open(file);
  try {
    let [first, end, filled] = [0, 0, 0];
    for (const row of rows) {
      if (row >= end) {
        signal.throwIfAborted();
        [first, end] = [row, row + blockRows];
        filled = await fill(block, source, NPY_HEADER_BYTES + first * rowBytes);
      }
      const start = (row - first) * rowBytes;
      if (start + rowBytes > filled) throw endsBefore(file, row);
      yield {row, pixels: block.subarray(start, start + rowBytes)};
    }
  } finally {
    await source.close();
  }
}

/** A read may give less than there is. @returns How many bytes there were. */
async function fill(block: Buffer, source: FileHandle, place: number): Promise<number> {
  for (let filled = 0; ; ) {
    const {bytesRead} = await source.read(block, filled, block.length - filled, place + filled);
    filled += bytesRead;
    if (bytesRead === 0 || filled === block.length) return filled;
  }
}

function endsBefore(file: string, row: number): Error {
  const said = {code: 'EIO', errno: -5, syscall: 'read', path: file};
  return Object.assign(new Error(`the file ends before the end of row ${row}`), said);
}

/**
 * Writes one row. Every row has its own place, so threads need no lock, and a row may be written again.
 * @param target - Descriptor of the file; its path is for the error, as the system names none.
 */
export function writeRow(
  target: Readonly<{descriptor: number; file: string}>,
  {row, pixels}: Readonly<{row: number; pixels: Uint8Array}>,
): void {
  try {
    for (let written = 0; written < pixels.length; ) {
      const place = NPY_HEADER_BYTES + row * pixels.length + written;
      written += writeSync(target.descriptor, pixels, written, pixels.length - written, place);
    }
  } catch (error) {
    throw Object.assign(error as Error, {path: target.file});
  }
}
