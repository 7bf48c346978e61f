import {
  chmodSync,
  closeSync,
  ftruncateSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import {join} from 'node:path';
import {crc32} from 'node:zlib';
import {npyBytes, npyHeader, readRows} from './npy.js';
import type {RowOutcome} from './row.js';

/** Rows that are done, kept in a folder that survives failed and killed attempts. */
export type RowStore = Readonly<{
  /** The .npy file, absolute: one row for each image of the data set. Blocks that nothing was written to take no space. */
  pixelFile: string;
  /** By row; undefined where an image has not been looked at. */
  outcomes: readonly (RowOutcome | undefined)[];
  /**
   * Their pixels are written already. What is passing is known to this attempt only.
   * @throws A system error, ENOSPC among them; the rows before are kept.
   */
  record(outcomes: readonly RowOutcome[]): void;
  close(): void;
}>;

export type RowStoreRequest = Readonly<{
  folder: string;
  size: number;
  /** Of the files, by row. */
  digests: readonly string[];
  signal: AbortSignal;
}>;

/**
 * Opens the rows that an earlier attempt left, or begins anew. A row counts as done when the journal says so and its
 * pixels still have their checksum: after a loss of power the journal may have reached the disk before the pixels.
 */
export async function openRowStore(request: RowStoreRequest): Promise<RowStore> {
  const {folder, size, digests} = request;
  const [pixelFile, journalFile] = [join(folder, 'images.npy'), join(folder, 'rows.ndjson')];
  const outcomes = new Array<RowOutcome | undefined>(digests.length).fill(undefined);
  // The digest is the same text, once in memory.
  const keep = (outcome: RowOutcome): void => {
    outcomes[outcome.row] = {...outcome, sha256: digests[outcome.row]!};
  };
  const header = JSON.stringify({schema: 'pipeline/preprocess-rows/v3', size, rows: digests.length});
  const fileBytes = npyBytes({rows: digests.length, size});
  const left = readJournal(journalFile, header);
  if (left === null || sizeOf(pixelFile) !== fileBytes) {
    for (const file of [journalFile, pixelFile]) rmSync(file, {force: true});
    writeFileSync(pixelFile, npyHeader({rows: digests.length, size}));
    truncateSync(pixelFile, fileBytes);
    writeFileSync(journalFile, `${header}\n`);
  } else {
    makeWritable(pixelFile);
    const trusted = left.filter((outcome) => digests[outcome.row] === outcome.sha256);
    for (const outcome of await withIntactPixels(trusted, {pixelFile, ...request})) keep(outcome);
  }
  const journal = openSync(journalFile, 'a');
  return {
    pixelFile,
    outcomes,
    record: (found) => {
      const lasting = found.filter((row) => row.outcome === 'done' || row.passing === undefined);
      append(journal, {file: journalFile, text: lasting.map((row) => `${JSON.stringify(row)}\n`).join('')});
      found.forEach(keep);
    },
    close: () => closeSync(journal),
  };
}

/**
 * An attempt that was cut short while it was recorded has made its outputs read-only, and the array was the same file as
 * this one. That attempt's folder is gone by now.
 */
function makeWritable(file: string): void {
  const {mode} = statSync(file);
  if ((mode & 0o200) === 0) chmodSync(file, (mode & 0o7777) | 0o200);
}

function sizeOf(file: string): number | null {
  return statSync(file, {throwIfNoEntry: false})?.size ?? null;
}

/**
 * What the journal says, the latest outcome of a row last; null when it is of another kind or absent. A last line that
 * was cut off by a kill is cut away, so that the next one begins on a line of its own.
 */
function readJournal(file: string, header: string): readonly RowOutcome[] | null {
  if (sizeOf(file) === null) return null;
  const bytes = readFileSync(file);
  const end = bytes.lastIndexOf('\n') + 1;
  truncateSync(file, end);
  const headerEnd = bytes.indexOf('\n');
  if (bytes.toString('utf8', 0, Math.max(0, headerEnd)) !== header) return null;
  const outcomes: RowOutcome[] = [];
  for (let at = headerEnd + 1; at < end; ) {
    const next = bytes.indexOf('\n', at) + 1;
    outcomes.push(...outcomeIn(bytes.toString('utf8', at, next)));
    at = next;
  }
  return outcomes;
}

/** A line that cannot be read costs one image's time, no more. */
function outcomeIn(line: string): readonly RowOutcome[] {
  try {
    return [JSON.parse(line) as RowOutcome];
  } catch {
    return [];
  }
}

async function withIntactPixels(
  outcomes: readonly RowOutcome[],
  {pixelFile, size, signal}: Readonly<{pixelFile: string; size: number; signal: AbortSignal}>,
): Promise<readonly RowOutcome[]> {
  const byRow = new Map(outcomes.map((outcome) => [outcome.row, outcome]));
  const intact = [...byRow.values()].filter(({outcome}) => outcome === 'unreadable');
  const rows = [...byRow.values()].filter(({outcome}) => outcome === 'done').map(({row}) => row);
  rows.sort((left, right) => left - right);
  for await (const {row, pixels} of readRows(pixelFile, {rows, size, signal})) {
    const outcome = byRow.get(row);
    if (outcome?.outcome === 'done' && crc32(pixels) === outcome.crc32) intact.push(outcome);
  }
  return intact;
}

/** All of it or nothing: half a line would make the next one unreadable. */
function append(journal: number, {file, text}: Readonly<{file: string; text: string}>): void {
  const bytes = Buffer.from(text);
  let written = 0;
  try {
    written = writeSync(journal, bytes);
  } catch (error) {
    throw Object.assign(error as Error, {path: file});
  }
  if (written === bytes.length) return;
  ftruncateSync(journal, statSync(file).size - written);
  // A write to a file falls short only when the disk is full; the write after it would say so.
  const said = {code: 'ENOSPC', errno: -28, syscall: 'write', path: file};
  throw Object.assign(new Error('no space left on device'), said);
}
