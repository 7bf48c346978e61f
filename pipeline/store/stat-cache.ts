import {readFileSync, rmSync} from 'node:fs';
import {dirname} from 'node:path';
import type {Failure} from '../model/failure.js';
import {ok, type Result} from '../model/result.js';
import type {Layout} from './layout.js';
import {isSystemError, onDisk} from './on-disk.js';
import {digestOf} from './sha256.js';
import {decodeTable, EMPTY_TABLE, encodeTable, type StatTable} from './stat-table.js';
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
  /** Forgets the table, also on disk with the next `save`. */
  drop(set: string): void;
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
    drop(set) {
      if ((tables.get(set) ?? EMPTY_TABLE) === EMPTY_TABLE) return;
      tables.set(set, EMPTY_TABLE);
      changed.add(set);
    },
    save() {
      for (const set of changed) {
        const path = fileOf(set);
        const written = onDisk(path, () => {
          const table = tables.get(set)!;
          if (table === EMPTY_TABLE) return rmSync(path, {force: true});
          makeFolder(layout, dirname(path));
          writeWhole(path, encodeTable(table), {durable: false});
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
