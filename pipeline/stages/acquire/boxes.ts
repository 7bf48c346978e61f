import {type Diagnostic, fault} from '../../model/diagnostic.js';
import {FINDINGS, type Finding} from '../../model/findings.js';
import {err, ok, type Result} from '../../model/result.js';
import {didYouMean} from '../../model/spelling.js';
import {type CsvRow, type CsvTable, locateCell, locateRow, readCsv} from '../csv.js';
import type {BoxRow} from '../dataset.js';
import {createFaultList, type FaultList} from '../fault-list.js';
import {spelledOut, whyNoImageName} from '../file-name.js';
import {type Columns, findColumns} from './columns.js';

/** BBox_List_2017.csv calls its numbers "Bbox [x,y,w,h]", and the commas make four header cells of it. */
const COLUMNS = {
  image: ['Image Index'],
  finding: ['Finding Label'],
  x: ['Bbox [x'],
  y: ['y'],
  width: ['w'],
  height: ['h]'],
} as const;

/** Reads a BBox_List_2017.csv: every fault at its place, at most twenty. */
export function readBoxList(file: string): Result<readonly BoxRow[], readonly Diagnostic[]> {
  const table = readCsv(file);
  if (!table.ok) return err([table.error]);
  const columns = findColumns(table.value, COLUMNS);
  if (!columns.ok) return columns;
  const faults = createFaultList(file);
  const boxes = table.value.rows.map((row) => readBox(table.value, columns.value, row, faults));
  return faults.isEmpty() ? ok(boxes) : err(faults.all());
}

function readBox(
  table: CsvTable,
  columns: Columns<keyof typeof COLUMNS>,
  row: CsvRow,
  faults: FaultList,
): BoxRow {
  const cell = (name: keyof typeof COLUMNS): string => row.cells[columns[name]] ?? '';
  const refuse = (name: keyof typeof COLUMNS, message: string, hint: string): void =>
    faults.add(() => fault(message, locateCell(table, row, columns[name]), hint));
  if (row.cells.length <= columns.height) {
    const hint = 'image, finding, x, y, width, height';
    faults.add(() => fault('this row has too few cells', locateRow(table, row), hint));
  } else {
    for (const name of ['x', 'y', 'width', 'height'] as const) {
      const isPlace = name === 'x' || name === 'y';
      if (A_NUMBER.test(cell(name)) && (isPlace || Number(cell(name)) > 0)) continue;
      const what = `"${spelledOut(cell(name))}" is not ${isPlace ? 'a place' : 'a size'} in pixels`;
      refuse(name, what, 'boxes are given as left, top, width, height');
    }
    const image = cell('image');
    const notAName = image === '' ? null : whyNoImageName(image);
    if (image === '') refuse('image', 'no image name', 'every row names a file');
    if (notAName !== null)
      refuse(
        'image',
        `"${spelledOut(image)}" ${notAName}`,
        'give the file name alone, like 00000001_000.png',
      );
    const label = cell('finding');
    if (toFinding(label) === null) {
      const hint = label.length > LONGEST_LABEL ? undefined : didYouMean(label, FINDINGS);
      const message = `"${spelledOut(label)}" is not a finding`;
      refuse('finding', message, hint ?? `known are ${FINDINGS.join(', ')}`);
    }
  }
  return {
    image: cell('image'),
    finding: toFinding(cell('finding')) as Finding,
    ...{x: Number(cell('x')), y: Number(cell('y'))},
    ...{width: Number(cell('width')), height: Number(cell('height'))},
  };
}

/** JavaScript takes a space for 0 and 0x10 for 16. */
const A_NUMBER = /^\d{1,9}(\.\d{1,20})?$/;

/** What is longer was meant for no name, and comparing it would take long. */
const LONGEST_LABEL = 60;

/** The published list says "Infiltrate" where the labels say "Infiltration". */
function toFinding(label: string): Finding | null {
  const name = label === 'Infiltrate' ? 'Infiltration' : label;
  return FINDINGS.find((finding) => finding === name) ?? null;
}
