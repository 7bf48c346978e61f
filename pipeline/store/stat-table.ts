import {crc32} from 'node:zlib';
import type {Digest} from '../model/stage.js';

/**
 * What is known of a set of files: by name, the state each had when it was hashed, and its SHA-256. In columns, since
 * 112,120 files as JSON (20 MB) take 250 ms to read and as this 9 MB take 15.
 */
export type StatTable = Readonly<{
  /** In order. */
  names: readonly string[];
  /** COLUMNS numbers for each name: size, mtime, ctime, inode; times in ms since 1970, NaN when not to be trusted. */
  stats: Float64Array;
  /** DIGEST_BYTES for each name. */
  digests: Uint8Array;
  /** Of the set as a whole, when the set is a folder. */
  whole: Digest | null;
}>;

/** The part of a file's status that changes with its content. A double keeps mtime to a quarter of a microsecond. */
export type FileState = Readonly<{size: number; mtimeMs: number; ctimeMs: number; ino: number}>;

/** Files and their states, in the columns of a table: 112,120 objects would cost more than all comparing. */
export type FoundFiles = Pick<StatTable, 'names' | 'stats'>;

export const COLUMNS = 4;
export const DIGEST_BYTES = 32;

export const EMPTY_TABLE: StatTable = {
  names: [],
  stats: new Float64Array(),
  digests: new Uint8Array(),
  whole: null,
};

export type TableRow = Readonly<{name: string; state: FileState | null; sha256: Digest}>;

/** @param rows - In order of name; a state of null is never trusted later. */
export function tableOf(rows: readonly TableRow[], whole: Digest | null): StatTable {
  const table = blankTable(rows.map(({name}) => name));
  for (const [row, content] of rows.entries()) fillRow(table, row, content);
  return {...table, whole};
}

/** Rows to be filled; one that is not is never trusted. @param names - In order. */
export function blankTable(names: readonly string[]): StatTable {
  const stats = new Float64Array(names.length * COLUMNS).fill(Number.NaN);
  return {names, stats, digests: new Uint8Array(names.length * DIGEST_BYTES), whole: null};
}

export function fillRow(table: StatTable, row: number, {state, sha256}: Omit<TableRow, 'name'>): void {
  if (state !== null) table.stats.set([state.size, state.mtimeMs, state.ctimeMs, state.ino], row * COLUMNS);
  table.digests.set(Buffer.from(sha256, 'hex'), row * DIGEST_BYTES);
}

export function copyRow(from: TablePlace, to: TablePlace): void {
  to.table.stats.set(statsAt(from), to.row * COLUMNS);
  to.table.digests.set(digestBytesAt(from), to.row * DIGEST_BYTES);
}

export type TablePlace = Readonly<{table: StatTable; row: number}>;

/** The rows that may be trusted later, as a table of their own. */
export function trustedRows(table: StatTable): StatTable {
  const rows = [...table.names.keys()].filter((row) => !Number.isNaN(table.stats[row * COLUMNS]!));
  const trusted = blankTable(rows.map((row) => table.names[row]!));
  for (const [to, row] of rows.entries()) copyRow({table, row}, {table: trusted, row: to});
  return trusted;
}

/** Whether the file is in the state it had when it was hashed: then its digest is known without reading it. */
export function isUnchanged(table: StatTable, row: number, state: FileState): boolean {
  const at = row * COLUMNS;
  return (
    table.stats[at] === state.size &&
    table.stats[at + 1] === state.mtimeMs &&
    table.stats[at + 2] === state.ctimeMs &&
    table.stats[at + 3] === state.ino
  );
}

/** The same for a file among those that were found. */
export function isSameAsFound({table, row}: TablePlace, found: FoundFiles, index: number): boolean {
  const [at, other] = [row * COLUMNS, index * COLUMNS];
  return (
    table.stats[at] === found.stats[other] &&
    table.stats[at + 1] === found.stats[other + 1] &&
    table.stats[at + 2] === found.stats[other + 2] &&
    table.stats[at + 3] === found.stats[other + 3]
  );
}

export function stateAt({stats}: FoundFiles, row: number): FileState {
  const at = row * COLUMNS;
  return {size: stats[at]!, mtimeMs: stats[at + 1]!, ctimeMs: stats[at + 2]!, ino: stats[at + 3]!};
}

function statsAt({table, row}: TablePlace): Float64Array {
  return table.stats.subarray(row * COLUMNS, (row + 1) * COLUMNS);
}

export function digestBytesAt({table, row}: TablePlace): Uint8Array {
  return table.digests.subarray(row * DIGEST_BYTES, (row + 1) * DIGEST_BYTES);
}

export function digestAt(table: StatTable, row: number): Digest {
  return Buffer.from(
    table.digests.buffer,
    table.digests.byteOffset + row * DIGEST_BYTES,
    DIGEST_BYTES,
  ).toString('hex') as Digest;
}

/** The row of a name, or -1. */
export function rowOf(table: StatTable, name: string): number {
  let [low, high] = [0, table.names.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = table.names[middle]!;
    if (found === name) return middle;
    if (found < name) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

/*
 * On disk, little-endian: magic (8 bytes), rows, bytes of names, CRC-32 of all that follows, 0 (4 each),
 * digest of the whole or zeros (32); then stats, digests, names as UTF-8 parted by NUL.
 */
const MAGIC = 'PIPSTAT1';
const HEADER_BYTES = 56;
const CHECKED_FROM = 20;

export function encodeTable(table: StatTable): Buffer {
  const names = Buffer.from(table.names.join('\0'));
  const stats = Buffer.from(table.stats.buffer, table.stats.byteOffset, table.stats.byteLength);
  const header = Buffer.alloc(HEADER_BYTES);
  header.write(MAGIC, 'latin1');
  header.writeUInt32LE(table.names.length, 8);
  header.writeUInt32LE(names.length, 12);
  if (table.whole !== null) header.write(table.whole, 24, 'hex');
  const bytes = Buffer.concat([header, stats, table.digests, names]);
  bytes.writeUInt32LE(crc32(bytes.subarray(CHECKED_FROM)), 16);
  return bytes;
}

/** @returns null when the bytes are not such a table, whole: a cache that is damaged is only forgotten. */
export function decodeTable(bytes: Buffer): StatTable | null {
  if (bytes.length < HEADER_BYTES || bytes.toString('latin1', 0, 8) !== MAGIC) return null;
  const rows = bytes.readUInt32LE(8);
  const statBytes = rows * COLUMNS * Float64Array.BYTES_PER_ELEMENT;
  const digestsAt = HEADER_BYTES + statBytes;
  const namesAt = digestsAt + rows * DIGEST_BYTES;
  if (bytes.length !== namesAt + bytes.readUInt32LE(12)) return null;
  if (crc32(bytes.subarray(CHECKED_FROM)) !== bytes.readUInt32LE(16)) return null;

  const stats = new Float64Array(rows * COLUMNS);
  Buffer.from(stats.buffer).set(bytes.subarray(HEADER_BYTES, digestsAt));
  const whole = bytes.toString('hex', 24, HEADER_BYTES);
  return {
    names: rows === 0 ? [] : bytes.toString('utf8', namesAt).split('\0'),
    stats,
    digests: bytes.subarray(digestsAt, namesAt),
    whole: /^0+$/.test(whole) ? null : (whole as Digest),
  };
}
