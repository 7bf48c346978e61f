import {createHash} from 'node:crypto';
import {readFileSync} from 'node:fs';
import type {FileHandle} from 'node:fs/promises';
import type {Digest} from '../model/stage.js';

export function digestOf(content: string | Uint8Array): Digest {
  return createHash('sha256').update(content).digest('hex') as Digest;
}

/** A folder's digest: over `path + NUL + sha256 + LF` of its files, which come in order of path. */
export function digestOfFiles(files: Iterable<Readonly<{path: string; sha256: string}>>): Digest {
  const hash = createHash('sha256');
  let lines = '';
  for (const {path, sha256} of files) {
    lines += `${path}\0${sha256}\n`;
    // A hash update costs a microsecond however short the text; 112,120 lines at once would be one 9 MB string.
    if (lines.length > 65_536) {
      hash.update(lines);
      lines = '';
    }
  }
  return hash.update(lines).digest('hex') as Digest;
}

/** For files of a few pages. @throws System errors. */
export function digestOfSmallFile(path: string): Digest {
  return digestOf(readFileSync(path));
}

/** Streams: memory stays at a chunk. Reading overlaps hashing when two files are hashed at a time. */
export async function digestOfOpenFile(file: FileHandle): Promise<Digest> {
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafe(1 << 20);
  for (let position = 0; ; ) {
    const {bytesRead} = await file.read(chunk, 0, chunk.length, position);
    if (bytesRead === 0) return hash.digest('hex') as Digest;
    hash.update(bytesRead === chunk.length ? chunk : chunk.subarray(0, bytesRead));
    position += bytesRead;
  }
}
