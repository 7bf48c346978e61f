import {type Diagnostic, fault} from '../../model/diagnostic.js';
import {err, ok, type Result} from '../../model/result.js';
import {type CsvRow, type CsvTable, locateCell, locateRow, readCsv} from '../csv.js';
import {createFaultList, type FaultList} from '../fault-list.js';
import {spelledOut, whyNoImageName} from '../file-name.js';
import {type Columns, findColumns} from './columns.js';

/** As in the labels that radiologists gave to 4,376 images (Majkowska et al., Radiology 2020). */
const COLUMNS = {
  image: ['Image Index'],
  fracture: ['Fracture'],
  pneumothorax: ['Pneumothorax'],
  airspaceOpacity: ['Airspace opacity'],
  noduleOrMass: ['Nodule or mass'],
  set: ['Set Id'],
} as const;

const FINDINGS = ['fracture', 'pneumothorax', 'airspaceOpacity', 'noduleOrMass'] as const;

/** What radiologists saw in one image. `set` is the part of their study, `val` or `test`. */
export type AdjudicatedRow = Readonly<
  {image: string; set: string} & Record<(typeof FINDINGS)[number], 'yes' | 'no'>
>;

/** Reads the radiologist-adjudicated labels: every fault at its place, at most twenty. */
export function readAdjudicated(file: string): Result<readonly AdjudicatedRow[], readonly Diagnostic[]> {
  const table = readCsv(file);
  if (!table.ok) return err([table.error]);
  const columns = findColumns(table.value, COLUMNS);
  if (!columns.ok) return columns;
  const faults = createFaultList(file);
  const reading: Reading = {table: table.value, columns: columns.value, faults};
  const firsts = new Map<string, CsvRow>();
  const rows: AdjudicatedRow[] = [];
  for (const row of table.value.rows) {
    const read = readRow(reading, row);
    if (read === null) continue;
    const first = firsts.get(read.image);
    if (first === undefined) firsts.set(read.image, row);
    else faults.add(() => duplicate(reading, row, first));
    rows.push(read);
  }
  return faults.isEmpty() ? ok(rows) : err(faults.all());
}

type Name = keyof typeof COLUMNS;
type Reading = Readonly<{table: CsvTable; columns: Columns<Name>; faults: FaultList}>;

function readRow({table, columns, faults}: Reading, row: CsvRow): AdjudicatedRow | null {
  if (row.cells.length <= Math.max(...Object.values(columns))) {
    const hint = 'is a comma missing, or the line cut off?';
    faults.add(() => fault('this row has too few cells', locateRow(table, row), hint));
    return null;
  }
  const cell = (name: Name): string => row.cells[columns[name]]!;
  const refuse = (name: Name, why: string, hint: string): void =>
    faults.add(() =>
      fault(`"${spelledOut(cell(name))}" ${why}`, locateCell(table, row, columns[name]), hint),
    );
  const [image, set] = [cell('image'), cell('set')];
  const notAName = image === '' ? 'is no image name' : whyNoImageName(image);
  if (notAName !== null) refuse('image', notAName, 'give the file name alone, like 00000001_000.png');
  if (!/^[a-z]{1,20}$/i.test(set)) refuse('set', 'is no part of the study', 'write val or test');
  const answers = FINDINGS.map((name) => {
    const answer = cell(name).toLowerCase();
    if (answer !== 'yes' && answer !== 'no') refuse(name, 'is no answer', 'write YES or NO');
    return [name, answer as 'yes' | 'no'] as const;
  });
  return {image, set: set.toLowerCase(), ...(Object.fromEntries(answers) as Answers)};
}

type Answers = Record<(typeof FINDINGS)[number], 'yes' | 'no'>;

function duplicate({table, columns}: Reading, row: CsvRow, first: CsvRow): Diagnostic {
  const related = [{message: 'first here', location: locateCell(table, first, columns.image)}];
  const message = `${spelledOut(row.cells[columns.image]!)} is there twice`;
  return {...fault(message, locateCell(table, row, columns.image), 'every image has one row'), related};
}
