import {join} from 'node:path';
import {readCsv, toCsv} from '../csv.js';
import type {RowFacts} from './row.js';

/** One row of index.csv and, when there are notes, of notes.csv. */
export type IndexRow = Readonly<{image: string; sha256: string; bytes: number}> & RowFacts;

const COLUMNS = ['row', 'image', 'sha256', 'bytes', 'width', 'height', 'mode', 'mean', 'phash'];
const NOTE_COLUMNS = ['image', 'notes'];

/** The text of both files, by name. Rows are numbered in the order given. */
export function indexFiles(rows: readonly IndexRow[]): Readonly<Record<string, string>> {
  const index = rows.map((row, place) => [
    place,
    row.image,
    row.sha256,
    row.bytes,
    row.width,
    row.height,
    row.mode,
    row.mean,
    row.phash,
  ]);
  const notes = rows.filter((row) => row.notes !== '').map((row) => [row.image, row.notes]);
  return {'index.csv': toCsv(COLUMNS, index), 'notes.csv': toCsv(NOTE_COLUMNS, notes)};
}

/** @param folder - Of an images artifact, which is as this version of the stage made it. */
export function readImageIndex(folder: string): readonly IndexRow[] {
  const notes = new Map(read(join(folder, 'notes.csv'), 2) as readonly (readonly [string, string])[]);
  return read(join(folder, 'index.csv'), COLUMNS.length).map((cells) => {
    const [, image, sha256, bytes, width, height, mode, mean, phash] = cells as unknown as Cells;
    const numbers = {bytes: Number(bytes), width: Number(width), height: Number(height), mean: Number(mean)};
    return {image, sha256, mode, phash, ...numbers, notes: notes.get(image) ?? ''};
  });
}

type Cells = readonly [string, string, string, string, string, string, string, string, string];

/** Files of artifacts are verified by their digest before a stage reads them, so a fault in one is a fault of ours. */
function read(file: string, columns: number): readonly (readonly string[])[] {
  const table = readCsv(file);
  if (!table.ok) throw new Error(`Internal error: ${file}: ${table.error.message}`);
  return table.value.rows.map(({line, cells}) => {
    if (cells.length !== columns)
      throw new Error(`Internal error: ${file}:${line} has ${cells.length} cells`);
    return cells;
  });
}
