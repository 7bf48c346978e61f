import {type Diagnostic, fault} from '../../model/diagnostic.js';
import {FINDINGS, type Finding} from '../../model/findings.js';
import {err, ok, type Result} from '../../model/result.js';
import {didYouMean} from '../../model/spelling.js';
import {type CsvRow, type CsvTable, locateCell, locateRow, readCsv} from '../csv.js';
import type {BoxRow} from '../dataset.js';
import {createFaultList, type FaultList} from '../fault-list.js';
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
    faults.add(fault(message, locateCell(table, row, columns[name]), hint));
  if (row.cells.length <= columns.height) {
    faults.add(
      fault('this row has too few cells', locateRow(table, row), 'image, finding, x, y, width, height'),
    );
  } else {
    for (const name of ['x', 'y', 'width', 'height'] as const) {
      const [value, least] = [Number(cell(name)), name === 'x' || name === 'y' ? 0 : Number.MIN_VALUE];
      if (cell(name) !== '' && Number.isFinite(value) && value >= least) continue;
      const what = `"${cell(name)}" is not ${least === 0 ? 'a place' : 'a size'} in pixels`;
      refuse(name, what, 'boxes are given as left, top, width, height');
    }
    if (cell('image') === '') refuse('image', 'no image name', 'every row names a file');
    const label = cell('finding');
    if (toFinding(label) === null) {
      refuse(
        'finding',
        `"${label}" is not a finding`,
        didYouMean(label, FINDINGS) ?? 'see the list of findings',
      );
    }
  }
  return {
    image: cell('image'),
    finding: toFinding(cell('finding')) as Finding,
    ...{x: Number(cell('x')), y: Number(cell('y'))},
    ...{width: Number(cell('width')), height: Number(cell('height'))},
  };
}

/** The published list says "Infiltrate" where the labels say "Infiltration". */
function toFinding(label: string): Finding | null {
  const name = label === 'Infiltrate' ? 'Infiltration' : label;
  return FINDINGS.find((finding) => finding === name) ?? null;
}
