import {type Diagnostic, fault} from '../../model/diagnostic.js';
import {FOLDS, type Fold} from '../../model/findings.js';
import {err, ok, type Result} from '../../model/result.js';
import {didYouMean, nearest} from '../../model/spelling.js';
import {type CsvRow, type CsvTable, locateCell, locateRow, readCsv} from '../csv.js';
import {createFaultList, type FaultList} from '../fault-list.js';
import {spelledOut} from '../file-name.js';
import {nameInList} from './lists.js';
import type {ParamsOf} from './params.js';

type Column = ParamsOf<'column'>;

/**
 * Reads the fold of each image from a column of a CSV file. Image names may have a folder before them.
 * @returns Folds by image name, without those that are left out; or every fault at its place, at most twenty.
 */
export function readFoldColumn(given: Column): Result<ReadonlyMap<string, Fold>, readonly Diagnostic[]> {
  const read = readCsv(given.file);
  if (!read.ok) return err([read.error]);
  const table = read.value;
  const places = [given.image_column, given.column].map((name) => placeOf(name, table));
  const absent = places.flatMap((place) => (typeof place === 'number' ? [] : [place]));
  if (absent.length > 0) return err(absent);
  const [image, column] = places as [number, number];
  const faults = createFaultList(given.file);
  const folds = new Map<string, Fold>();
  for (const {name, fold} of readRows(table, {image, column, meaning: meaningOf(given.values), faults})) {
    if (fold !== 'left out') folds.set(name, fold);
  }
  return faults.isEmpty() ? ok(folds) : err(faults.all());
}

type Meaning = ReadonlyMap<string, Fold | 'left out'>;

function meaningOf({train, val, test, left_out}: Column['values']): Meaning {
  const cells = {train, val, test};
  return new Map<string, Fold | 'left out'>([
    ...FOLDS.flatMap((fold) => cells[fold].map((value) => [value, fold] as const)),
    ...['', ...(left_out ?? [])].map((value) => [value, 'left out'] as const),
  ]);
}

function* readRows(
  table: CsvTable,
  how: Readonly<{image: number; column: number; meaning: Meaning; faults: FaultList}>,
): Iterable<{name: string; fold: Fold | 'left out'}> {
  const {image, column, meaning, faults} = how;
  const seen = new Map<string, CsvRow>();
  for (const row of table.rows) {
    const name = nameInList((row.cells[image] ?? '').trim());
    const value = (row.cells[column] ?? '').trim();
    const first = seen.get(name);
    const fold = meaning.get(value);
    if (name === '') faults.add(fault('this row names no image', locateRow(table, row)));
    else if (first !== undefined) faults.add(() => namedTwice(name, {table, row, first, image}));
    else if (fold === undefined) faults.add(() => unknownValue(value, {table, row, column, meaning}));
    else yield {name, fold};
    if (first === undefined) seen.set(name, row);
  }
}

/** As many names as fit in a few lines. */
const SHOWN_CELLS = 24;

function placeOf(name: string, table: CsvTable): number | Diagnostic {
  const place = table.header.cells.findIndex((cell) => cell.trim() === name);
  if (place !== -1) return place;
  const names = table.header.cells.filter((cell) => cell !== '').map(spelledOut);
  const hint = didYouMean(name, nearest(name, names) === null ? names.slice(0, SHOWN_CELLS) : names);
  return fault(`there is no column "${name}"`, locateRow(table, table.header), hint);
}

function namedTwice(
  name: string,
  {table, row, first, image}: Readonly<{table: CsvTable; row: CsvRow; first: CsvRow; image: number}>,
): Diagnostic {
  const related = [{message: 'first here', location: locateCell(table, first, image)}];
  return {...fault(`${spelledOut(name)} has a row already`, locateCell(table, row, image)), related};
}

function unknownValue(
  value: string,
  {table, row, column, meaning}: Readonly<{table: CsvTable; row: CsvRow; column: number; meaning: Meaning}>,
): Diagnostic {
  const known = [...meaning.keys()].filter((name) => name !== '');
  const shown = spelledOut(value);
  const guess = didYouMean(shown, known);
  const hint = 'name it under values: for train, val or test, or as left_out';
  const hints = guess?.startsWith('did you mean') ? `${guess} else ${hint}` : hint;
  return fault(`"${shown}" stands for no fold`, locateCell(table, row, column), hints);
}
