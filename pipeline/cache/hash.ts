import {statSync} from 'node:fs';
import {type Failure, stoppedFailure} from '../model/failure.js';
import {err, ok, type Result} from '../model/result.js';
import type {Digest, StageId} from '../model/stage.js';
import {onDiskAsync} from '../store/on-disk.js';
import type {StatCache} from '../store/stat-cache.js';
import {digestAt, EMPTY_TABLE, type FoundFiles, type StatTable} from '../store/stat-table.js';
import {DigestsByName} from './digests-by-name.js';
import {type FolderChange, folderChange} from './folder-change.js';
import {refreshed} from './refresh.js';
import {walk} from './walk.js';

/**
 * Digests of the files and folders that stages declare, by absolute path. Only files whose state differs from when
 * they were last hashed are read.
 */
export type Hasher = Readonly<{
  /**
   * SHA-256 of the file's bytes, or of a folder: over `path + NUL + sha256 + LF` of its files in order of path.
   * @param askedBy - The stage that waits for it: progress is told for the first who asks, and its waiting can be stopped.
   */
  digest(path: string, askedBy?: StageId): Promise<Result<Digest, Failure>>;
  /** The digests of a file (under the empty name) or of a folder's files, as last hashed here; empty when never. */
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

export type HasherOptions = Readonly<{
  onProgress?: HashProgress;
  /** Keeps what is hashed also while more is: whoever only looks leaves nothing behind. */
  keepsUnderWay?: boolean;
  /** Stops what a stage waits for. */
  signal?: AbortSignal;
}>;

export function createHasher(stats: StatCache, options: HasherOptions = {}): Hasher {
  const {onProgress, keepsUnderWay = false, signal = null} = options;
  const underWay = new Map<string, Promise<Result<Digest, Failure>>>();
  /** As each folder was known before this process looked at it, and as it is now. */
  const before = new Map<string, StatTable>();
  const now = new Map<string, StatTable>();

  async function tableNow(path: string, askedBy: StageId | null): Promise<StatTable | null> {
    const {set, found} = await look(path);
    const known = stats.table(set);
    // Beside the whole: a run that is cut short does not take away what the next one compares with.
    const partlySet = `partly ${set}`;
    const table = await refreshed({
      ...{path, found, known, signal: askedBy === null ? null : signal},
      partly: () => stats.table(partlySet),
      keep: (partly) => {
        if (!keepsUnderWay) return;
        stats.put(partlySet, partly);
        stats.save();
      },
      onProgress: (done, total) => onProgress?.({done, total}, askedBy),
    });
    if (table === null) return null;
    if (!before.has(path)) before.set(path, known);
    now.set(path, table);
    if (table !== known) {
      stats.put(set, table);
      stats.drop(partlySet);
    }
    return table;
  }

  async function digestNow(path: string, askedBy: StageId | null): Promise<Result<Digest, Failure>> {
    const looked = await onDiskAsync(path, () => tableNow(path, askedBy));
    if (!looked.ok) return looked;
    const table = looked.value;
    if (table === null) return err(stoppedFailure('hashing'));
    return ok(isFile(table) ? digestAt(table, 0) : table.whole!);
  }

  return {
    digest(path, askedBy) {
      // Two stages that read the same folder ask for it at the same time.
      const current = underWay.get(path);
      if (current !== undefined) return current;
      const asked = digestNow(path, askedBy ?? null).finally(() => underWay.delete(path));
      underWay.set(path, asked);
      return asked;
    },
    known: (path) => new DigestsByName(now.get(path) ?? EMPTY_TABLE),
    changeSince(path, digest) {
      const [earlier, table] = [before.get(path), now.get(path)];
      return earlier?.whole === digest && table !== undefined ? folderChange(earlier, table) : null;
    },
    save: stats.save,
  };
}

/** The table of a file has one row, without a name. */
async function look(path: string): Promise<{set: string; found: FoundFiles}> {
  const state = statSync(path);
  if (state.isDirectory()) return {set: `folder ${path}`, found: await walk(path)};
  const {size, mtimeMs, ctimeMs, ino} = state;
  const stats = new Float64Array([size, mtimeMs, ctimeMs, ino]);
  return {set: `file ${path}`, found: {names: [''], stats}};
}

function isFile({names}: StatTable): boolean {
  return names[0] === '';
}
