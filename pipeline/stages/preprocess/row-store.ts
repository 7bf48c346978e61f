import {
  closeSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import {open} from 'node:fs/promises';
import {join} from 'node:path';
import {crc32} from 'node:zlib';
import {NPY_HEADER_BYTES, npyHeader} from './npy.js';
import type {RowOutcome} from './row.js';

/** Rows that are done, kept in a folder that survives failed and killed attempts. */
export type RowStore = Readonly<{
  /** The .npy file, absolute: one row for each image of the data set. */
  pixelFile: string;
  /** By row; undefined where an image has not been looked at. */
  outcomes: readonly (RowOutcome | undefined)[];
  record(outcome: RowOutcome): void;
  close(): void;
}>;

export type RowStoreRequest = Readonly<{
  folder: string;
  size: number;
  /** Of the files, by row. */
  digests: readonly string[];
  signal: AbortSignal;
}>;

/** Rows checked against their checksum at a time. */
const BLOCK_ROWS = 256;

/**
 * Opens the rows that an earlier attempt left, or begins anew. A row counts as done when the journal says so and its
 * pixels still have their checksum: after a loss of power the journal may have reached the disk before the pixels.
 */
export async function openRowStore(request: RowStoreRequest): Promise<RowStore> {
  const {folder, size, digests} = request;
  const [pixelFile, journalFile] = [join(folder, 'images.npy'), join(folder, 'rows.ndjson')];
  const outcomes = new Array<RowOutcome | undefined>(digests.length).fill(undefined);
  const header = JSON.stringify({schema: 'pipeline/preprocess-rows/v1', size, rows: digests.length});
  const fileBytes = NPY_HEADER_BYTES + digests.length * size * size;
  const left = readJournal(journalFile, header);
  if (left === null || sizeOf(pixelFile) !== fileBytes) {
    rmSync(journalFile, {force: true});
    writeFileSync(pixelFile, npyHeader({rows: digests.length, size}));
    truncateSync(pixelFile, fileBytes);
    writeFileSync(journalFile, `${header}\n`);
  } else {
    const trusted = left.filter((outcome) => digests[outcome.row] === outcome.sha256);
    for (const outcome of await withIntactPixels(trusted, {pixelFile, ...request})) {
      outcomes[outcome.row] = outcome;
    }
  }
  const journal = openSync(journalFile, 'a');
  return {
    pixelFile,
    outcomes,
    record: (outcome) => {
      outcomes[outcome.row] = outcome;
      writeSync(journal, `${JSON.stringify(outcome)}\n`);
    },
    close: () => closeSync(journal),
  };
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
  const [first, ...lines] = bytes.toString('utf8', 0, end).split('\n').slice(0, -1);
  return first === header ? lines.map((line) => JSON.parse(line) as RowOutcome) : null;
}

async function withIntactPixels(
  outcomes: readonly RowOutcome[],
  {pixelFile, size, signal}: Readonly<{pixelFile: string; size: number; signal: AbortSignal}>,
): Promise<readonly RowOutcome[]> {
  const byRow = new Map(outcomes.map((outcome) => [outcome.row, outcome]));
  const last = Math.max(-1, ...byRow.keys());
  const intact: RowOutcome[] = [];
  const [file, block] = [await open(pixelFile), Buffer.allocUnsafe(BLOCK_ROWS * size * size)];
  try {
    for (let first = 0; first <= last; first += BLOCK_ROWS) {
      signal.throwIfAborted();
      await file.read(block, 0, block.length, NPY_HEADER_BYTES + first * size * size);
      for (let row = first; row < first + BLOCK_ROWS; row++) {
        const outcome = byRow.get(row);
        const pixels = block.subarray((row - first) * size * size, (row - first + 1) * size * size);
        if (outcome?.outcome === 'unreadable') intact.push(outcome);
        if (outcome?.outcome === 'done' && crc32(pixels) === outcome.crc32) intact.push(outcome);
      }
    }
  } finally {
    await file.close();
  }
  return intact;
}
