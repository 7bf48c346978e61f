import {closeSync, openSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {Failure} from '../../model/failure.js';
import {toCsv} from '../csv.js';
import type {InventoryRow} from '../dataset.js';
import {linkOrCopy} from '../link-or-copy.js';
import {type IndexRow, writeImageIndex} from './image-index.js';
import {npyHeader, readRows, writeRow} from './npy.js';
import {refuseFullDisk} from './room.js';
import type {DoneRow, RowOutcome} from './row.js';
import type {RowStore} from './row-store.js';

type Unreadable = Extract<RowOutcome, {outcome: 'unreadable'}>;

/**
 * Writes images.npy, index.csv, notes.csv and quarantine.csv. Rows keep the order of the metadata; unreadable images have
 * none, and for what is left then the array is written a second time.
 * @returns Why the disk has no room for that, or null. All rows are kept.
 */
export async function finishImages(
  request: Readonly<{
    store: RowStore;
    inventory: readonly InventoryRow[];
    size: number;
    out: string;
    signal: AbortSignal;
  }>,
): Promise<Failure | null> {
  const {store, inventory, size, out} = request;
  const done = doneRows(store);
  const isWhole = done.length === inventory.length;
  const full = isWhole ? null : await refuseFullDisk(out, {rows: done.length, size});
  if (full !== null) return full;
  function* indexRows(): Iterable<IndexRow> {
    for (const outcome of done) yield {...inventory[outcome.row]!, ...outcome};
  }
  writeImageIndex(out, indexRows());
  writeFileSync(join(out, 'quarantine.csv'), quarantineCsv(store, inventory));
  const target = join(out, 'images.npy');
  const rows = done.map(({row}) => row);
  if (isWhole) linkOrCopy(store.pixelFile, target);
  else await copyRows(rows, {...request, target});
  return null;
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
