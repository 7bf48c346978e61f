import {closeSync, openSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {readCsv, toCsv} from '../csv.js';
import type {RowFacts} from './row.js';

/** One row of index.csv and, when there are notes, of notes.csv. */
export type IndexRow = Readonly<{image: string; sha256: string; bytes: number}> & RowFacts;

const COLUMNS = ['row', 'image', 'sha256', 'bytes', 'width', 'height', 'mode', 'mean', 'phash'];
const NOTE_COLUMNS = ['image', 'notes'];

const PIECE_ROWS = 4096;

/** Writes both files. Rows are numbered in the order given. */
export function writeImageIndex(folder: string, rows: Iterable<IndexRow>): void {
  const notes: (readonly [string, string])[] = [];
  function* lines(): Iterable<readonly (string | number)[]> {
    let place = 0;
    for (const {image, sha256, bytes, width, height, mode, mean, phash, notes: noted} of rows) {
      if (noted !== '') notes.push([image, noted]);
      yield [place++, image, sha256, bytes, width, height, mode, mean, phash];
    }
  }
  writeInPieces(join(folder, 'index.csv'), lines());
  writeFileSync(join(folder, 'notes.csv'), toCsv(NOTE_COLUMNS, notes));
}

/** As one text a hundred thousand rows would take more memory than all that comes before. */
function writeInPieces(file: string, rows: Iterable<readonly (string | number)[]>): void {
  const target = openSync(file, 'w');
  try {
    let piece: (readonly (string | number)[])[] = [COLUMNS];
    const flush = (): void => {
      const [first, ...rest] = piece;
      if (first !== undefined) writeFileSync(target, toCsv(first.map(String), rest));
      piece = [];
    };
    for (const row of rows) if (piece.push(row) >= PIECE_ROWS) flush();
    flush();
  } finally {
    closeSync(target);
  }
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
