import {type Diagnostic, fault} from '../../model/diagnostic.js';
import {FINDINGS, type Finding} from '../../model/findings.js';
import {err, ok, type Result} from '../../model/result.js';
import {didYouMean} from '../../model/spelling.js';
import {formatCount} from '../../model/words.js';
import {type CsvRow, type CsvTable, locateCell, locateRow, readCsv} from '../csv.js';
import type {ImageRow} from '../dataset.js';
import {createFaultList, type FaultList} from '../fault-list.js';
import {spelledOut, whyNoImageName} from '../file-name.js';
import {type Columns, findColumns} from './columns.js';
import {stemOf} from './image-kind.js';

/** Spellings of the column names in the releases of 2017 and 2020 and in copies of them. */
const COLUMNS = {
  image: ['Image Index'],
  findings: ['Finding Labels'],
  followUp: ['Follow-up #'],
  patient: ['Patient ID'],
  age: ['Patient Age'],
  sex: ['Patient Gender', 'Patient Sex'],
  view: ['View Position'],
} as const;

const NO_FINDING = 'No Finding';

const PLAIN_NAME = 'give the file name alone, like 00000001_000.png';

/** Nobody lives longer; the release of 2017 has ages up to 414. */
const OLDEST_YEARS = 120;

export type Metadata = Readonly<{
  rows: readonly ImageRow[];
  /** Impossible ages: left out, not guessed. */
  agesLeftOut: Readonly<{count: number; first: Diagnostic | null}>;
}>;

/** Reads a Data_Entry_2017.csv of either release: every fault at its place, at most twenty. */
export function readDataEntry(file: string): Result<Metadata, readonly Diagnostic[]> {
  const table = readCsv(file);
  if (!table.ok) return err([table.error]);
  const columns = findColumns(table.value, COLUMNS);
  if (!columns.ok) return columns;
  if (table.value.rows.length === 0) {
    const header = locateRow(table.value, table.value.header);
    return err([fault('this file has a header but no rows', header, 'is it the whole file?')]);
  }
  return readRows(table.value, columns.value, createFaultList(file));
}

type Reading = Readonly<{
  table: CsvTable;
  columns: Columns<keyof typeof COLUMNS>;
  lastColumn: number;
  faults: FaultList;
  oldAges: {count: number; first: Diagnostic | null};
  /** Label sets as written, each parsed once: 836 different ones in the whole release. */
  labelSets: Map<string, readonly Finding[]>;
}>;

function readRows(
  table: CsvTable,
  columns: Columns<keyof typeof COLUMNS>,
  faults: FaultList,
): Result<Metadata, readonly Diagnostic[]> {
  const oldAges = {count: 0, first: null};
  const lastColumn = Math.max(...Object.values(columns));
  const reading: Reading = {table, columns, lastColumn, faults, oldAges, labelSets: new Map()};
  const firsts = new Map<string, CsvRow>();
  const rows: ImageRow[] = [];
  for (const row of table.rows) {
    if (!hasRightWidth(reading, row)) continue;
    const parsed = readRow(reading, row);
    // a.dcm and a.png are two forms of one image.
    const stem = stemOf(parsed.image);
    const first = firsts.get(stem);
    if (first === undefined) firsts.set(stem, row);
    else faults.add(() => duplicate(reading, row, first));
    rows.push(parsed);
  }
  return faults.isEmpty() ? ok({rows, agesLeftOut: oldAges}) : err(faults.all());
}

/** The release of 2017 ends its lines with a comma; more filled cells than the header names are a broken row. */
function hasRightWidth({table, lastColumn, faults}: Reading, row: CsvRow): boolean {
  const named = table.header.cells.length;
  const surplus = row.cells.length > named && row.cells.slice(named).some((cell) => cell !== '');
  if (row.cells.length > lastColumn && !surplus) return true;
  const message = `this row has ${row.cells.length} cells where the header names ${named}`;
  const hint = 'is a comma missing or too much, or a line cut off?';
  faults.add(() => fault(message, locateRow(table, row), hint));
  return false;
}

function readRow(reading: Reading, row: CsvRow): ImageRow {
  const cell = (name: keyof typeof COLUMNS): string => row.cells[reading.columns[name]] ?? '';
  const refuse = (name: keyof typeof COLUMNS, message: string, hint: string): void =>
    reading.faults.add(() => fault(message, locateCell(reading.table, row, reading.columns[name]), hint));
  const [image, patient, sex, view] = [cell('image'), cell('patient'), cell('sex'), cell('view')];
  const followUp = cell('followUp');
  const notAName = image === '' ? null : whyNoImageName(image);
  if (image === '') refuse('image', 'no image name', 'every row names a file, like 00000001_000.png');
  if (notAName !== null) {
    refuse('image', `"${spelledOut(image)}" ${notAName}`, PLAIN_NAME);
  }
  const findings = readFindings(reading, row, cell('findings'));
  if (!/^\d{1,9}$/.test(followUp)) {
    const message = `"${spelledOut(followUp)}" is not a follow-up number`;
    refuse('followUp', message, 'follow-ups are numbered 0, 1, 2, …');
  }
  if (!/^0*[1-9]\d{0,14}$/.test(patient)) {
    const message = `"${spelledOut(patient)}" is not a patient number`;
    refuse('patient', message, 'patients are numbered 1, 2, 3, …');
  }
  const age = readAge(reading, row, cell('age'));
  if (sex !== 'M' && sex !== 'F') {
    refuse('sex', `"${spelledOut(sex)}" is not a sex of this data set`, 'write M or F');
  }
  if (view !== 'PA' && view !== 'AP') {
    refuse('view', `"${spelledOut(view)}" is not a view`, 'write PA or AP');
  }
  return {
    image,
    patient: String(Number(patient)),
    age,
    sex: sex as ImageRow['sex'],
    view: view as ImageRow['view'],
    followUp: Number(followUp),
    findings,
  };
}

/** Years as `58` or, as in DICOM, `058Y`, `006M`, `030W`, `365D`. */
function readAge({table, columns, faults, oldAges}: Reading, row: CsvRow, text: string): number | null {
  const match = /^(\d{1,9}(?:\.\d{1,9})?)([YMWD]?)$/.exec(text);
  const at = (): Diagnostic['location'] => locateCell(table, row, columns.age);
  if (match === null) {
    const shown = spelledOut(text);
    const what = text.startsWith('-') ? `the age is negative: ${shown}` : `"${shown}" is not an age`;
    faults.add(() => fault(what, at(), 'write years, like 58, or 058Y, 006M, 365D'));
    return null;
  }
  const perYear = {Y: 1, M: 12, W: 52.1775, D: 365.25}[match[2] || 'Y']!;
  const years = Math.round((Number(match[1]) / perYear) * 1000) / 1000;
  if (years <= OLDEST_YEARS) return years;
  oldAges.count++;
  const message = `nobody is ${years} years old: this age is taken as unknown`;
  const hint = 'the release of 2020 has it corrected';
  oldAges.first ??= {severity: 'warning', message, location: at(), hint};
  return null;
}

function readFindings(reading: Reading, row: CsvRow, text: string): readonly Finding[] {
  const known = reading.labelSets.get(text);
  if (known !== undefined) return known;
  const labels = text.split('|');
  const faults = [...faultsOf(labels)];
  for (const {label, message, hint} of faults) {
    reading.faults.add(() =>
      fault(message, locateCell(reading.table, row, reading.columns.findings, label), hint),
    );
  }
  const findings = FINDINGS.filter((name) => labels.includes(name));
  // A faulty set is not remembered: each row that has it is a fault of its own.
  if (faults.length === 0) reading.labelSets.set(text, findings);
  return findings;
}

function* faultsOf(labels: readonly string[]): Iterable<{label: string; message: string; hint: string}> {
  const known: readonly string[] = [...FINDINGS, NO_FINDING];
  if (labels.length > known.length) {
    const message = `${formatCount(labels.length)} findings in one image`;
    yield {label: labels[0]!, message, hint: `there are ${FINDINGS.length} of them`};
    return;
  }
  for (const label of labels.filter((name) => !known.includes(name))) {
    const message = label === '' ? 'an empty finding' : `"${spelledOut(label)}" is not a finding`;
    // What is as long as a page was meant for no name, and comparing it would take long.
    const hint = label.length > LONGEST_LABEL ? undefined : didYouMean(label, known);
    yield {label, message, hint: hint ?? `known are ${known.join(', ')}`};
  }
  const repeated = labels.find((label, index) => label !== '' && labels.indexOf(label) !== index);
  if (repeated !== undefined) {
    yield {label: repeated, message: `"${spelledOut(repeated)}" is there twice`, hint: 'name it once'};
  }
  if (labels.length > 1 && labels.includes(NO_FINDING)) {
    yield {label: NO_FINDING, message: `"${NO_FINDING}" beside a finding`, hint: 'one of them is wrong'};
  }
}

const LONGEST_LABEL = 60;

function duplicate({table, columns}: Reading, row: CsvRow, first: CsvRow): Diagnostic {
  const name = spelledOut(row.cells[columns.image]!);
  const related = [{message: 'first here', location: locateCell(table, first, columns.image)}];
  const at = locateCell(table, row, columns.image);
  return {...fault(`${name} is there twice`, at, 'every image has one row'), related};
}
