import {closeSync, openSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {crc32} from 'node:zlib';
import type {ArtifactRef} from '../../model/stage-kind.js';
import {type IndexRow, readImageIndex} from './image-index.js';
import {npyBytes, readRows, writeRow} from './npy.js';
import type {RowOutcome} from './row.js';
import type {RowStore} from './row-store.js';

/** Rows that are journaled together. */
const BATCH_ROWS = 256;

type TakeOver = Readonly<{
  earlier: readonly ArtifactRef[];
  store: RowStore;
  /** Of the files, by row. */
  digests: readonly string[];
  size: number;
  signal: AbortSignal;
  /** `done` counts from 1 over all that are taken over. */
  onRows(done: number): void;
}>;

/**
 * Copies the rows of images that an earlier artifact has already: equal files make equal pixels. They are journaled as
 * decoded ones are.
 * @returns How many.
 */
export async function takeOverRows(request: TakeOver): Promise<number> {
  const {earlier, store, onRows} = request;
  if (earlier.length === 0 || !store.outcomes.includes(undefined)) return 0;
  const target = {descriptor: openSync(store.pixelFile, 'r+'), file: store.pixelFile};
  let done = 0;
  const batch: RowOutcome[] = [];
  const flush = (): void => {
    store.record(batch);
    done += batch.length;
    batch.length = 0;
    onRows(done);
  };
  try {
    for (const artifact of earlier) {
      for await (const {outcomes, pixels} of sharedRows(artifact, request)) {
        for (const {row} of outcomes) writeRow(target, {row, pixels});
        batch.push(...outcomes);
        if (batch.length >= BATCH_ROWS) flush();
      }
      if (batch.length > 0) flush();
    }
  } finally {
    closeSync(target.descriptor);
  }
  return done;
}

/** Rows of an artifact whose image is still to be looked at, and where each must go: one file may be there twice. */
async function* sharedRows(
  artifact: ArtifactRef,
  {store, digests, size, signal}: TakeOver,
): AsyncGenerator<Readonly<{outcomes: readonly RowOutcome[]; pixels: Buffer}>, void, void> {
  const wanted = new Map<string, number[]>();
  for (const [row, sha256] of digests.entries()) {
    if (store.outcomes[row] !== undefined) continue;
    const rows = wanted.get(sha256);
    if (rows === undefined) wanted.set(sha256, [row]);
    else rows.push(row);
  }
  if (wanted.size === 0) return;
  const index = readImageIndex(artifact.path);
  const file = join(artifact.path, 'images.npy');
  const bytes = npyBytes({rows: index.length, size});
  if (statSync(file).size !== bytes) throw new Error(`Internal error: ${file} has not ${bytes} bytes`);
  const rows = index.flatMap(({sha256}, row) => (wanted.has(sha256) ? [row] : []));
  for await (const {row, pixels} of readRows(file, {rows, size, signal})) {
    const known = index[row]!;
    const targets = wanted.get(known.sha256) ?? [];
    // The artifact itself may have two rows of equal files.
    wanted.delete(known.sha256);
    yield {pixels, outcomes: targets.map((target) => doneLike(known, target, crc32(pixels)))};
  }
}

function doneLike(known: IndexRow, row: number, checksum: number): RowOutcome {
  const {sha256, width, height, mode, mean, phash, notes} = known;
  return {row, sha256, outcome: 'done', crc32: checksum, width, height, mode, mean, phash, notes};
}
