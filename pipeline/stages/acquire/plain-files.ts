import {createHash} from 'node:crypto';
import {closeSync, fstatSync, openSync, readSync} from 'node:fs';
import {open} from 'node:fs/promises';
import {join} from 'node:path';
import {setImmediate as nextTurn} from 'node:timers/promises';
import type {ImageRow} from '../dataset.js';
import {spelledOut} from '../file-name.js';
import type {Candidate, Contents, Extra, Refused} from './candidate.js';
import {readImageStart, START_BYTES} from './image-kind.js';
import {judge, nameOf, type RowsByStem, type Source} from './sources.js';

const PIECE_BYTES = 1 << 20;

/** This thread is given back as often. */
const TURN_MS = 25;

/** The files of a folder by what they are; `path` is relative to it. */
export type SortedFiles = Readonly<{
  images: readonly Readonly<{path: string; row: ImageRow}>[];
  extras: readonly Extra[];
  refused: readonly Refused[];
}>;

/** Sorts files by their paths alone. */
export function sortFiles(source: Source, paths: readonly string[], rows: RowsByStem): SortedFiles {
  const [images, extras, refused]: [{path: string; row: ImageRow}[], Extra[], Refused[]] = [[], [], []];
  for (const path of paths) {
    const judged = judge(path, rows);
    if (judged.is === 'image') images.push({path, row: judged.row});
    if (judged.is === 'extra') extras.push({root: source.root, archive: '', path});
    if (judged.is === 'refused') refused.push({archive: '', path: spelledOut(path), reason: judged.reason});
  }
  return {images, extras, refused};
}

export type PlainFilesRequest = Readonly<{
  source: Source;
  files: SortedFiles;
  /** SHA-256 by path, of the files that were hashed for the fingerprint: of these only the first bytes are read. */
  digests: ReadonlyMap<string, string>;
  signal: AbortSignal;
  onImages(count: number): void;
}>;

/** Looks at the image files of a folder, in the given order. */
export async function readPlainFiles(request: PlainFilesRequest): Promise<Contents> {
  const {source, files, digests, signal} = request;
  const candidates: Candidate[] = [];
  let since = performance.now();
  for (const {path, row} of files.images) {
    const {bytes, start, sha256} = await look(join(source.path, path), digests.get(path));
    const place = {root: source.root, archive: '', path};
    candidates.push({image: row.image, sha256, bytes, ...describeStart(start, path), ...place});
    request.onImages(1);
    if (performance.now() - since <= TURN_MS) continue;
    await nextTurn();
    signal.throwIfAborted();
    since = performance.now();
  }
  signal.throwIfAborted();
  return {...files, candidates};
}

/** The part of a candidate that its first bytes tell. */
export function describeStart(
  start: Uint8Array,
  path: string,
): Pick<Candidate, 'width' | 'height' | 'mode' | 'interlaced' | 'unreadable'> {
  const read = readImageStart(start, nameOf(path));
  if (read.ok) return {...read.value, unreadable: null};
  return {width: null, height: null, mode: null, interlaced: false, unreadable: read.error};
}

type Look = Readonly<{bytes: number; start: Buffer; sha256: string}>;

async function look(file: string, sha256: string | undefined): Promise<Look> {
  if (sha256 === undefined) return hashFile(file);
  const descriptor = openSync(file, 'r');
  try {
    const {size} = fstatSync(descriptor);
    const start = Buffer.alloc(START_BYTES);
    const length = readSync(descriptor, start, 0, START_BYTES, 0);
    return {bytes: size, start: start.subarray(0, length), sha256};
  } finally {
    closeSync(descriptor);
  }
}

/** Piece by piece, so that a huge file named .png costs time but no memory. */
async function hashFile(path: string): Promise<Look> {
  const file = await open(path);
  try {
    const hash = createHash('sha256');
    const piece = Buffer.allocUnsafe(PIECE_BYTES);
    let [bytes, start] = [0, Buffer.alloc(0)];
    for (;;) {
      const {bytesRead} = await file.read(piece, 0, PIECE_BYTES, null);
      if (bytesRead === 0) return {sha256: hash.digest('hex'), bytes, start};
      if (bytes === 0) start = Buffer.from(piece.subarray(0, Math.min(bytesRead, START_BYTES)));
      hash.update(piece.subarray(0, bytesRead));
      bytes += bytesRead;
    }
  } finally {
    await file.close();
  }
}
