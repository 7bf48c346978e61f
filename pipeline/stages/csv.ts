import {readFileSync} from 'node:fs';
import {gunzipSync} from 'node:zlib';
import {type CsvError, parse} from 'csv-parse/sync';
import {type Diagnostic, fault, type Location} from '../model/diagnostic.js';
import {err, ok, type Result} from '../model/result.js';

/** A CSV file as rows of text. `text` is kept so that a cell can be located when it turns out to be wrong. */
export type CsvTable = Readonly<{
  file: string;
  text: string;
  header: CsvRow;
  rows: readonly CsvRow[];
}>;

/** `line` counts from 1, in the decompressed text; blank lines are no rows. */
export type CsvRow = Readonly<{line: number; cells: readonly string[]}>;

/**
 * Reads a CSV file (RFC 4180; UTF-8 with or without BOM; LF or CRLF; with or without a final newline; also gzipped).
 * Cells are as written, never trimmed or converted; rows may differ in length.
 * @param file - Absolute path. An unreadable file throws the system's error.
 */
export function readCsv(file: string): Result<CsvTable, Diagnostic> {
  const text = readText(file);
  if (!text.ok) return text;
  const rows = text.value.includes('"') ? parseQuoted(file, text.value) : ok(splitPlain(text.value));
  if (!rows.ok) return rows;
  const [header, ...body] = rows.value;
  if (header === undefined) return err(fault('this file is empty', place(file, 1), 'it needs a header line'));
  return ok({file, text: text.value, header, rows: body});
}

/** Reads a text file, gzipped or not. What is no UTF-8 text is refused: a CSV saved as UTF-16, or no CSV at all. */
export function readText(file: string): Result<string, Diagnostic> {
  let bytes = readFileSync(file);
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    try {
      bytes = gunzipSync(bytes);
    } catch {
      return err(fault('this gzip file is damaged or cut off', place(file, 1), 'fetch or copy it again'));
    }
  }
  try {
    const text = new TextDecoder('utf-8', {fatal: true}).decode(bytes);
    if (!text.includes('\0')) return ok(text);
  } catch {
    // Falls through to the diagnostic.
  }
  return err(fault('this file is not UTF-8 text', place(file, 1), 'save it as CSV in UTF-8'));
}

/** Without a quote character there is nothing to parse, and this is four times as fast on the real metadata. */
function splitPlain(text: string): readonly CsvRow[] {
  const rows: CsvRow[] = [];
  let line = 0;
  for (const raw of text.split('\n')) {
    line++;
    const content = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    if (content !== '') rows.push({line, cells: content.split(',')});
  }
  return rows;
}

const QUOTE_FAULTS: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: 'a quote here is not closed',
  INVALID_OPENING_QUOTE: 'a quote inside a cell that does not begin with one',
  CSV_INVALID_CLOSING_QUOTE: 'text after the closing quote of a cell',
};

function parseQuoted(file: string, text: string): Result<readonly CsvRow[], Diagnostic> {
  try {
    const records = parse(text, {info: true, relax_column_count: true, skip_empty_lines: true});
    const rows = records as unknown as readonly {record: string[]; info: {lines: number}}[];
    // The parser counts lines at the end of a record, and a quoted cell may span several.
    return ok(rows.map(({record, info}) => ({line: info.lines - newlines(record), cells: record})));
  } catch (error) {
    const {code, lines, message} = error as CsvError & {lines?: number};
    const what = QUOTE_FAULTS[code] ?? `this row cannot be read (${message})`;
    return err(
      fault(what, place(file, lines ?? 1), 'quotes go around a whole cell; inside it they are doubled'),
    );
  }
}

function newlines(cells: readonly string[]): number {
  return cells.reduce((sum, cell) => sum + cell.split('\n').length - 1, 0);
}

/**
 * Where a cell is, for a diagnostic. `within` narrows it to a part of the cell, for example one of several labels.
 * A column that the row does not have is located at the row's end.
 */
export function locateCell(table: CsvTable, row: CsvRow, column: number, within?: string): Location {
  let {line, offset} = {line: row.line, offset: startOfLine(table.text, row.line)};
  let [cell, quoted, lineStart] = [0, false, offset];
  for (; cell < column; offset++) {
    const character = table.text[offset];
    if (character === undefined || (!quoted && (character === '\n' || character === '\r'))) break;
    if (character === '"') quoted = !quoted;
    else if (character === ',' && !quoted) cell++;
    else if (character === '\n') [line, lineStart] = [line + 1, offset + 1];
  }
  const text = row.cells[column] ?? '';
  const inside = within === undefined ? 0 : Math.max(0, text.indexOf(within));
  const quote = table.text[offset] === '"' ? 1 : 0;
  const length = Math.max(1, (within ?? text).split('\n')[0]!.length);
  return {file: table.file, line, column: offset - lineStart + quote + inside + 1, length};
}

/** Where a whole row is. */
export function locateRow(table: CsvTable, row: CsvRow): Location {
  const start = startOfLine(table.text, row.line);
  const end = table.text.indexOf('\n', start);
  const content = table.text.slice(start, end === -1 ? undefined : end).replace(/\r$/, '');
  return {file: table.file, line: row.line, column: 1, length: Math.max(1, content.length)};
}

function startOfLine(text: string, line: number): number {
  let start = 0;
  for (let count = 1; count < line; count++) start = text.indexOf('\n', start) + 1;
  return start;
}

function place(file: string, line: number): Location {
  return {file, line, column: 1, length: 1};
}

/** Rows as CSV text: header first, `\n` after every row, quotes only where RFC 4180 needs them. */
export function toCsv(header: readonly string[], rows: Iterable<readonly (string | number)[]>): string {
  const lines = [header.map(quote).join(',')];
  for (const row of rows) lines.push(row.map(quote).join(','));
  return `${lines.join('\n')}\n`;
}

function quote(cell: string | number): string {
  const text = String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
