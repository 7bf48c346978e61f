import {constants, copyFileSync, linkSync, writeFileSync} from 'node:fs';
import {open} from 'node:fs/promises';
import {join} from 'node:path';
import {toCsv} from '../csv.js';
import type {InventoryRow} from '../dataset.js';
import {NPY_HEADER_BYTES, npyHeader} from './npy.js';
import type {RowOutcome} from './row.js';
import type {RowStore} from './row-store.js';

type Done = Extract<RowOutcome, {outcome: 'done'}>;
type Unreadable = Extract<RowOutcome, {outcome: 'unreadable'}>;

/** Writes images.npy, index.csv and quarantine.csv. Rows keep the order of the metadata; unreadable images have none. */
export async function finishImages(
  request: Readonly<{
    store: RowStore;
    inventory: readonly InventoryRow[];
    size: number;
    out: string;
    signal: AbortSignal;
  }>,
): Promise<void> {
  const {store, inventory, out} = request;
  const done = store.outcomes.filter((outcome): outcome is Done => outcome?.outcome === 'done');
  const columns = ['row', 'image', 'sha256', 'bytes', 'width', 'height', 'mode', 'mean'];
  const index = done.map((outcome, row) => {
    const {image, sha256, bytes} = inventory[outcome.row]!;
    return [row, image, sha256, bytes, outcome.width, outcome.height, outcome.mode, outcome.mean];
  });
  writeFileSync(join(out, 'index.csv'), toCsv(columns, index));
  writeFileSync(join(out, 'quarantine.csv'), quarantineCsv(store, inventory));
  const target = join(out, 'images.npy');
  if (done.length === inventory.length) linkOrCopy(store.pixelFile, target);
  else
    await copyRows(
      done.map((outcome) => outcome.row),
      {...request, target},
    );
}

/** The images that cannot be used and why: `image,reason`. */
export function quarantineCsv(store: RowStore, inventory: readonly InventoryRow[]): string {
  const rows = store.outcomes.filter((outcome): outcome is Unreadable => outcome?.outcome === 'unreadable');
  return toCsv(
    ['image', 'reason'],
    rows.map(({row, reason}) => [inventory[row]!.image, reason]),
  );
}

/**
 * A second name for the same file, where the file system can: the rows stay where a next attempt would look for them,
 * should this one be killed before it is recorded, and gigabytes need not be written twice.
 */
function linkOrCopy(source: string, target: string): void {
  try {
    linkSync(source, target);
  } catch {
    copyFileSync(source, target, constants.COPYFILE_FICLONE);
  }
}

async function copyRows(
  rows: readonly number[],
  {
    store,
    size,
    target,
    signal,
  }: Readonly<{store: RowStore; size: number; target: string; signal: AbortSignal}>,
): Promise<void> {
  const [source, copy] = [await open(store.pixelFile), await open(target, 'w')];
  try {
    await copy.appendFile(npyHeader({rows: rows.length, size}));
    const pixels = Buffer.allocUnsafe(size * size);
    for (const row of rows) {
      signal.throwIfAborted();
      await source.read(pixels, 0, pixels.length, NPY_HEADER_BYTES + row * pixels.length);
      await copy.appendFile(pixels);
    }
  } finally {
    await Promise.all([source.close(), copy.close()]);
  }
}
