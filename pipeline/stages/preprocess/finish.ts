import {closeSync, constants, copyFileSync, linkSync, openSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {toCsv} from '../csv.js';
import type {InventoryRow} from '../dataset.js';
import {type IndexRow, writeImageIndex} from './image-index.js';
import {npyHeader, readRows, writeRow} from './npy.js';
import type {DoneRow, RowOutcome} from './row.js';
import type {RowStore} from './row-store.js';

type Unreadable = Extract<RowOutcome, {outcome: 'unreadable'}>;

/**
 * Writes images.npy, index.csv, notes.csv and quarantine.csv. Rows keep the order of the metadata; unreadable images have
 * none.
 */
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
  const done = doneRows(store);
  function* indexRows(): Iterable<IndexRow> {
    for (const outcome of done) yield {...inventory[outcome.row]!, ...outcome};
  }
  writeImageIndex(out, indexRows());
  writeFileSync(join(out, 'quarantine.csv'), quarantineCsv(store, inventory));
  const target = join(out, 'images.npy');
  if (done.length === inventory.length) linkOrCopy(store.pixelFile, target);
  else
    await copyRows(
      done.map((outcome) => outcome.row),
      {...request, target},
    );
}

export function doneRows(store: RowStore): readonly DoneRow[] {
  return store.outcomes.filter((outcome): outcome is DoneRow => outcome?.outcome === 'done');
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
  writeFileSync(target, npyHeader({rows: rows.length, size}));
  const copy = {descriptor: openSync(target, 'r+'), file: target};
  try {
    let row = 0;
    for await (const {pixels} of readRows(store.pixelFile, {rows, size, signal})) {
      writeRow(copy, {row: row++, pixels});
    }
  } finally {
    closeSync(copy.descriptor);
  }
}
