import {closeSync, fstatSync, openSync, readSync} from 'node:fs';

/** Whole lines of a file, without their ends, and where to go on reading once there are more. */
export type LinesRead = Readonly<{lines: readonly string[]; nextByte: number}>;

/**
 * Reads whole lines; what follows the last line feed is being written, or was torn by a kill, and is left for later.
 * @param fromByte - An earlier `nextByte`, to follow a file that grows.
 * @throws System errors.
 */
export function readLines(path: string, fromByte = 0): LinesRead {
  const bytes = readFrom(path, (size) => Math.min(fromByte, size));
  const end = bytes.lastIndexOf(0x0a) + 1;
  const lines = bytes.toString('utf8', 0, end).split('\n').slice(0, -1);
  return {lines, nextByte: fromByte + end};
}

/** The last whole line, if it is among the last `within` bytes; else null. @throws System errors. */
export function lastLine(path: string, within: number): string | null {
  const bytes = readFrom(path, (size) => Math.max(0, size - within));
  const end = bytes.lastIndexOf(0x0a);
  return end < 0 ? null : bytes.toString('utf8', bytes.lastIndexOf(0x0a, end - 1) + 1, end);
}

function readFrom(path: string, startOf: (size: number) => number): Buffer {
  const descriptor = openSync(path, 'r');
  try {
    const {size} = fstatSync(descriptor);
    const start = startOf(size);
    const bytes = Buffer.alloc(size - start);
    let filled = 0;
    while (filled < bytes.length) {
      const count = readSync(descriptor, bytes, filled, bytes.length - filled, start + filled);
      if (count === 0) break;
      filled += count;
    }
    return bytes.subarray(0, filled);
  } finally {
    closeSync(descriptor);
  }
}
