import {readFileSync, type Stats} from 'node:fs';
import {open} from 'node:fs/promises';
import {dirname} from 'node:path';
import type {Failure} from '../model/failure.js';
import {ok, type Result} from '../model/result.js';
import type {Digest} from '../model/stage.js';
import type {Layout} from './layout.js';
import {isSystemError, onDisk} from './on-disk.js';
import {digestOf, digestOfOpenFile} from './sha256.js';
import {decodeTable, EMPTY_TABLE, encodeTable, type FileState, type StatTable} from './stat-table.js';
import {makeFolder, writeWhole} from './write-file.js';

/**
 * Digests of files that have not changed since they were hashed. One table per set of files (a data folder, an
 * artifact), each in its own file, so that a small pipeline never loads the table of 112,120 images.
 * May be deleted at any time; what it knew is then hashed once more.
 */
export type StatCache = Readonly<{
  /** @param set - Names the set, e.g. a folder's path. Empty when nothing is known or the table is damaged. */
  table(set: string): StatTable;
  /** Kept in memory until `save`. */
  put(set: string, table: StatTable): void;
  /** Writes the tables that changed. Looking at the state (`plan`) does not call this. */
  save(): Result<null, Failure>;
}>;

export function createStatCache(layout: Layout): StatCache {
  const tables = new Map<string, StatTable>();
  const changed = new Set<string>();
  const fileOf = (set: string): string => layout.statTable(digestOf(set).slice(0, 32));

  return {
    table(set) {
      const table = tables.get(set) ?? readTable(fileOf(set));
      tables.set(set, table);
      return table;
    },
    put(set, table) {
      tables.set(set, table);
      changed.add(set);
    },
    save() {
      for (const set of changed) {
        const path = fileOf(set);
        const written = onDisk(path, () => {
          makeFolder(layout, dirname(path));
          writeWhole(path, encodeTable(tables.get(set)!), {durable: false});
        });
        if (!written.ok) return written;
        changed.delete(set);
      }
      return ok(null);
    },
  };
}

function readTable(path: string): StatTable {
  try {
    return decodeTable(readFileSync(path)) ?? EMPTY_TABLE;
  } catch (error) {
    if (isSystemError(error)) return EMPTY_TABLE;
    throw error;
  }
}

/**
 * Hashes a file and tells the state it was in, or null where that state proves nothing:
 * - it changed while it was read (then it is read again, up to three times), or
 * - it was touched so shortly before that another change could leave the same times behind (git calls this "racy").
 * A clock tick of local Linux file systems is at most 10 ms; where times are whole seconds (FAT, old NFS), 2 s.
 * @throws System errors.
 */
export async function hashFile(
  path: string,
): Promise<{sha256: Digest; state: FileState | null; bytes: number}> {
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
export function isRacy(stats: Stats, hashedAtMs: number): boolean {
  const coarse = Number.isInteger(stats.mtimeMs / 1000) && Number.isInteger(stats.ctimeMs / 1000);
  return stats.ctimeMs + (coarse ? 2000 : 20) > hashedAtMs;
}

export function isSameState(one: FileState, other: FileState): boolean {
  return (
    one.size === other.size &&
    one.mtimeMs === other.mtimeMs &&
    one.ctimeMs === other.ctimeMs &&
    one.ino === other.ino
  );
}

export function stateOf({size, mtimeMs, ctimeMs, ino}: FileState): FileState {
  return {size, mtimeMs, ctimeMs, ino};
}
