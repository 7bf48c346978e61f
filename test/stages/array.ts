import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import type {Finished} from './rig.js';

/** A .npy file of unsigned bytes, read by the description in its own header. */
export type ByteArray = Readonly<{shape: readonly number[]; rows: readonly Buffer[]}>;

export function readByteArray(file: string): ByteArray {
  const bytes = readFileSync(file);
  if (bytes.toString('latin1', 0, 8) !== '\x93NUMPY\x01\x00') throw new Error('no .npy file of version 1.0');
  const start = 10 + bytes.readUInt16LE(8);
  const header = bytes.toString('latin1', 10, start);
  if (start % 64 !== 0 || !header.endsWith('\n')) throw new Error(`misaligned header: ${header}`);
  if (!header.includes("'descr': '|u1', 'fortran_order': False")) throw new Error(header);
  const shape = /\(([\d, ]+)\)/
    .exec(header)![1]!
    .split(',')
    .filter((part) => part.trim() !== '')
    .map(Number);
  const [count, ...rest] = shape as [number, ...number[]];
  const rowBytes = rest.reduce((product, side) => product * side, 1);
  if (bytes.length !== start + count * rowBytes) throw new Error(`${bytes.length} bytes for ${shape}`);
  const rows = Array.from({length: count}, (_, row) =>
    bytes.subarray(start + row * rowBytes, start + (row + 1) * rowBytes),
  );
  return {shape, rows};
}

export function imagesOf(finished: Finished): ByteArray {
  return readByteArray(join(finished.artifact.path, 'images.npy'));
}
