import {hashFile} from '../store/hash-file.js';
import {inParallel} from '../store/parallel.js';
import {digestOfFiles} from '../store/sha256.js';
import {
  blankTable,
  copyRow,
  digestAt,
  type FoundFiles,
  fillRow,
  isSameAsFound,
  rowOf,
  type StatTable,
  stateAt,
  trustedRows,
} from '../store/stat-table.js';

export type RefreshRequest = Readonly<{
  /** Absolute; of the folder, or of the file, whose name is empty then. */
  path: string;
  found: FoundFiles;
  /** As it was when it was last known as a whole. */
  known: StatTable;
  /** What a process that was cut short had hashed since; asked for when not all is known. */
  partly(): StatTable;
  /** Gets what is known so far, about once a second. */
  keep(partly: StatTable): void;
  onProgress(done: number, total: number): void;
  signal: AbortSignal | null;
}>;

/** The table as it is now, the very same one when no file has changed; null when it was told to stop. */
export async function refreshed(request: RefreshRequest): Promise<StatTable | null> {
  const {path, found, known, onProgress, signal} = request;
  if (isAsKnown(found, known)) return known;
  const table = blankTable(found.names);
  const unknown = takeOver(table, found, [known, request.partly()]);
  const keepNow = (): void => request.keep(trustedRows(table));
  const keeper = createKeeper(keepNow);
  let done = 0;
  await inParallel(unknown, 2, async (row) => {
    if (signal?.aborted) return;
    const name = found.names[row]!;
    fillRow(table, row, await hashFile(name === '' ? path : `${path}/${name}`, stateAt(found, row)));
    onProgress(++done, unknown.length);
    keeper.tick();
  });
  if (done < unknown.length) {
    keepNow();
    return null;
  }
  return {...table, whole: digestOfFiles(filesOf(table))};
}

function isAsKnown({names, stats}: FoundFiles, known: StatTable): boolean {
  return (
    known.whole !== null &&
    names.length === known.names.length &&
    // NaN, which stands for a state that proves nothing, equals nothing.
    stats.every((value, index) => value === known.stats[index]) &&
    names.every((name, index) => name === known.names[index])
  );
}

/** @returns the rows that no earlier table knows. */
function takeOver(table: StatTable, found: FoundFiles, earlier: readonly StatTable[]): readonly number[] {
  const unknown: number[] = [];
  for (const [row, name] of found.names.entries()) {
    const places = earlier.map((from) => ({
      table: from,
      // All are in order, so that the row is nearly always the same.
      row: from.names[row] === name ? row : rowOf(from, name),
    }));
    const place = places.find((from) => from.row !== -1 && isSameAsFound(from, found, row));
    if (place === undefined) unknown.push(row);
    else copyRow(place, {table, row});
  }
  return unknown;
}

/** A table of 112,120 files takes some 20 ms to keep: that is done once a second, and takes 2% of the time at most. */
function createKeeper(keep: () => void): {tick(): void} {
  let dueAtMs = performance.now() + 1000;
  return {
    tick() {
      const startMs = performance.now();
      if (startMs < dueAtMs) return;
      keep();
      const endMs = performance.now();
      dueAtMs = endMs + Math.max(1000, 50 * (endMs - startMs));
    },
  };
}

function* filesOf(table: StatTable): Iterable<{path: string; sha256: string}> {
  for (const [row, path] of table.names.entries()) yield {path, sha256: digestAt(table, row)};
}
