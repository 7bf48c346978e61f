import {closeSync, fstatSync, openSync, readSync} from 'node:fs';

const MAX_BYTES = 65_536;

/** The last lines of a text file that are not empty; none when it cannot be read. */
export function tailOf(path: string, lines: number): readonly string[] {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch {
    return [];
  }
  try {
    const {size} = fstatSync(descriptor);
    const buffer = Buffer.alloc(Math.min(size, MAX_BYTES));
    const bytes = readSync(descriptor, buffer, 0, buffer.length, size - buffer.length);
    const all = buffer.toString('utf8', 0, bytes).split(/\r?\n/);
    return all.filter((line) => line.trim() !== '').slice(-lines);
  } finally {
    closeSync(descriptor);
  }
}
