import {statSync} from 'node:fs';
import {setImmediate as nextTurn} from 'node:timers/promises';
import type {Failure} from '../model/failure.js';
import type {Result} from '../model/result.js';
import type {Digest, StageId} from '../model/stage.js';
import {onDiskAsync} from '../store/on-disk.js';
import {inParallel} from '../store/parallel.js';
import {digestOfFiles, digestOfSmallFile, SMALL_FILE_BYTES} from '../store/sha256.js';
import {hashFile, isRacy, isSameState, type StatCache} from '../store/stat-cache.js';
import {digestAt, isUnchanged, rowOf, type StatTable, type TableRow, tableOf} from '../store/stat-table.js';
import {type FolderChange, folderChange} from './folder-change.js';
import {type FoundFile, walk} from './walk.js';

/**
 * Digests of the files and folders that stages declare, by absolute path. Only files whose state differs from when
 * they were last hashed are read.
 */
export type Hasher = Readonly<{
  /**
   * SHA-256 of the file's bytes, or of a folder: over `path + NUL + sha256 + LF` of its files in order of path.
   * @param askedBy - The stage that waits for it: progress is told for the first who asks.
   */
  digest(path: string, askedBy?: StageId): Promise<Result<Digest, Failure>>;
  /** The digests of a file (under the empty name) or of a folder's files, as last hashed here. */
  known(path: string): ReadonlyMap<string, Digest>;
  /** Which files make the folder differ from when it had this digest; null when that is not known any more. */
  changeSince(path: string, before: Digest): FolderChange | null;
  /** Keeps what was learned, for the next process. */
  save(): Result<null, Failure>;
}>;

/** Called for every file that is read, of so many that have to be. */
export type HashProgress = (
  progress: Readonly<{done: number; total: number}>,
  askedBy: StageId | null,
) => void;

export function createHasher(stats: StatCache, onProgress: HashProgress = () => undefined): Hasher {
  const underWay = new Map<string, Promise<Result<Digest, Failure>>>();
  /** As each folder was known before this process looked at it. */
  const before = new Map<string, StatTable>();

  async function digestNow(path: string, askedBy: StageId | null): Promise<Digest> {
    const state = statSync(path);
    const isFolder = state.isDirectory();
    const {size, mtimeMs, ctimeMs, ino} = state;
    const files = isFolder ? await walk(path) : [{name: '', size, mtimeMs, ctimeMs, ino}];
    const set = `${isFolder ? 'folder' : 'file'} ${path}`;
    const known = stats.table(set);
    if (!before.has(path)) before.set(path, known);
    const told = (done: number, total: number): void => onProgress({done, total}, askedBy);
    const table = await refreshed({path, files, known, onProgress: told});
    if (table !== known) stats.put(set, table);
    return isFolder ? table.whole! : digestAt(table, 0);
  }

  return {
    digest(path, askedBy) {
      // Two stages that read the same folder ask for it at the same time.
      const current = underWay.get(path);
      if (current !== undefined) return current;
      const asked = onDiskAsync(path, () => digestNow(path, askedBy ?? null)).finally(() =>
        underWay.delete(path),
      );
      underWay.set(path, asked);
      return asked;
    },
    known(path) {
      const folder = stats.table(`folder ${path}`);
      const table = folder.names.length > 0 ? folder : stats.table(`file ${path}`);
      return new Map(table.names.map((name, row) => [name, digestAt(table, row)]));
    },
    changeSince(path, digest) {
      const [earlier, now] = [before.get(path), stats.table(`folder ${path}`)];
      return earlier?.whole === digest ? folderChange(earlier, now) : null;
    },
    save: stats.save,
  };
}

type RefreshRequest = Readonly<{
  path: string;
  files: readonly FoundFile[];
  known: StatTable;
  onProgress(done: number, total: number): void;
}>;

/** The table as it is now; the very same one when no file has changed. */
async function refreshed({path, files, known, onProgress}: RefreshRequest): Promise<StatTable> {
  const unchanged = files.map((file, index) => {
    // Both are in order, so that the row is nearly always the same.
    const row = known.names[index] === file.name ? index : rowOf(known, file.name);
    return row !== -1 && isUnchanged(known, row, file) ? row : -1;
  });
  if (files.length === known.names.length && !unchanged.includes(-1)) return known;

  const total = unchanged.filter((row) => row === -1).length;
  let done = 0;
  let pausedAtMs = performance.now();
  const rows = await inParallel(files, 2, async (file, index): Promise<TableRow> => {
    const knownRow = unchanged[index]!;
    if (knownRow !== -1) return {name: file.name, state: file, sha256: digestAt(known, knownRow)};
    const row = await hashFound(path, file);
    onProgress(++done, total);
    if (performance.now() - pausedAtMs > 25) {
      await nextTurn();
      pausedAtMs = performance.now();
    }
    return row;
  });
  return tableOf(rows, digestOfFiles(rows.map(({name, sha256}) => ({path: name, sha256}))));
}

async function hashFound(path: string, file: FoundFile): Promise<TableRow> {
  const full = file.name === '' ? path : `${path}/${file.name}`;
  if (file.size > SMALL_FILE_BYTES) return {name: file.name, ...(await hashFile(full))};
  const startedAtMs = Date.now();
  const sha256 = digestOfSmallFile(full);
  const after = statSync(full);
  const proven = isSameState(file, after) && !isRacy(after, startedAtMs);
  return {name: file.name, state: proven ? file : null, sha256};
}
