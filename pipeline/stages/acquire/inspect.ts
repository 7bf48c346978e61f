import {createHash} from 'node:crypto';
import {type FileHandle, open} from 'node:fs/promises';
import {join} from 'node:path';
import type {ImageFile, ImagePlace} from '../dataset.js';
import {modeOf, readPngHeader} from '../png-header.js';

const PIECE_BYTES = 1 << 20;

export type Inspected = Readonly<{file: ImageFile & ImagePlace; interlaced: boolean}>;

/**
 * Hashes image files and reads their headers, in the given order, so many at a time.
 * @param paths - Relative to `root`, with forward slashes.
 */
export async function inspectImages(
  request: Readonly<{
    root: string;
    paths: readonly string[];
    parallel: number;
    signal: AbortSignal;
    onDone(done: number): void;
  }>,
): Promise<readonly Inspected[]> {
  const {root, paths, signal} = request;
  const inspected = new Array<Inspected>(paths.length);
  let [next, done] = [0, 0];
  const work = async (): Promise<void> => {
    const piece = Buffer.allocUnsafe(PIECE_BYTES);
    while (next < paths.length) {
      signal.throwIfAborted();
      const index = next++;
      inspected[index] = await inspectImage(root, paths[index]!, piece);
      request.onDone(++done);
    }
  };
  await Promise.all(Array.from({length: request.parallel}, work));
  return inspected;
}

async function inspectImage(root: string, path: string, piece: Buffer): Promise<Inspected> {
  const file = await open(join(root, path));
  try {
    const {sha256, bytes, start} = await hashFile(file, piece);
    const header = readPngHeader(start);
    const {width, height} = header.ok ? header.value : {width: null, height: null};
    const mode = header.ok ? modeOf(header.value) : null;
    const image = path.slice(path.lastIndexOf('/') + 1);
    return {
      file: {image, sha256, bytes, width, height, mode, root: 0, archive: '', path},
      interlaced: header.ok && header.value.interlaced,
    };
  } finally {
    await file.close();
  }
}

/** Piece by piece, so that a huge file named .png costs time but no memory. */
async function hashFile(
  file: FileHandle,
  piece: Buffer,
): Promise<{sha256: string; bytes: number; start: Buffer}> {
  const hash = createHash('sha256');
  let bytes = 0;
  let start = Buffer.alloc(0);
  for (;;) {
    const {bytesRead} = await file.read(piece, 0, PIECE_BYTES, null);
    if (bytesRead === 0) return {sha256: hash.digest('hex'), bytes, start};
    if (bytes === 0) start = Buffer.from(piece.subarray(0, Math.min(bytesRead, 64)));
    hash.update(piece.subarray(0, bytesRead));
    bytes += bytesRead;
  }
}
