import {readFileSync, type Stats, statSync} from 'node:fs';
import {open} from 'node:fs/promises';
import type {Digest} from '../model/stage.js';
import {digestOf, digestOfOpenFile} from './sha256.js';
import type {FileState} from './stat-table.js';

/** A file's digest and the state that proves it; null where the state proves nothing. */
export type HashedFile = Readonly<{sha256: Digest; state: FileState | null; bytes: number}>;

/** Faster to read at once on this thread than to hand over to the pool and back, several times a file. */
const SMALL_FILE_BYTES = 65_536;

/**
 * Hashes a file and tells the state it was in, or null where that state proves nothing:
 * - it changed while it was read (then it is read again, up to three times), or
 * - it was touched so shortly before that another change could leave the same times behind (git calls this "racy").
 * A clock tick of local Linux file systems is at most 10 ms; where times are whole seconds (FAT, old NFS), 2 s.
 * @param found - The state it was seen in a moment ago, if it was.
 * @throws System errors.
 */
export async function hashFile(path: string, found?: FileState): Promise<HashedFile> {
  const before = found ?? statSync(path);
  if (before.size <= SMALL_FILE_BYTES) {
    const startedAtMs = Date.now();
    const content = readFileSync(path);
    const after = statSync(path);
    const settled = isSameState(before, after);
    // A pipe gives its content once.
    if (settled || !after.isFile()) {
      return {
        sha256: digestOf(content),
        state: settled && !isRacy(after, startedAtMs) ? stateOf(after) : null,
        bytes: content.length,
      };
    }
  }
  return hashLarge(path);
}

async function hashLarge(path: string): Promise<HashedFile> {
  const file = await open(path, 'r');
  try {
    for (let round = 1; ; round++) {
      const startedAtMs = Date.now();
      const before = await file.stat();
      const sha256 = await digestOfOpenFile(file);
      const after = await file.stat();
      const settled = isSameState(before, after);
      if (settled || round === 3) {
        return {
          sha256,
          state: settled && !isRacy(after, startedAtMs) ? stateOf(after) : null,
          bytes: after.size,
        };
      }
    }
  } finally {
    await file.close();
  }
}

/** By ctime, which the kernel sets at every change; an mtime may be set to anything, even the future. */
function isRacy(stats: Stats, hashedAtMs: number): boolean {
  const coarse = Number.isInteger(stats.mtimeMs / 1000) && Number.isInteger(stats.ctimeMs / 1000);
  return stats.ctimeMs + (coarse ? 2000 : 20) > hashedAtMs;
}

function isSameState(one: FileState, other: FileState): boolean {
  return (
    one.size === other.size &&
    one.mtimeMs === other.mtimeMs &&
    one.ctimeMs === other.ctimeMs &&
    one.ino === other.ino
  );
}

/** The part of a status that tells whether a file has changed. */
export function stateOf({size, mtimeMs, ctimeMs, ino}: FileState): FileState {
  return {size, mtimeMs, ctimeMs, ino};
}
