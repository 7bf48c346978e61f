import {readFileSync, statSync} from 'node:fs';
import {gunzipSync} from 'node:zlib';
import {type CsvError, parse} from 'csv-parse/sync';
import {type Diagnostic, fault, type Location} from '../model/diagnostic.js';
import {err, ok, type Result} from '../model/result.js';
import {formatBytes, formatCount} from '../model/words.js';

/** A CSV file as rows of text. `text` is kept so that a cell can be located when it turns out to be wrong. */
export type CsvTable = Readonly<{
  file: string;
  text: string;
  header: CsvRow;
  rows: readonly CsvRow[];
}>;

/** `line` counts from 1, in the decompressed text; blank lines are no rows. */
export type CsvRow = Readonly<{line: number; cells: readonly string[]}>;

/** Far above every table of this field: 112,120 rows of 12 cells are 9 MB. What is larger is no such table. */
const MOST = {
  bytes: 128 * 2 ** 20,
  rows: 1_000_000,
  cells: 20_000_000,
  columns: 1000,
  lineLength: 100_000,
} as const;

/**
 * Reads a CSV file (RFC 4180; UTF-8 with or without BOM; LF or CRLF; with or without a final newline; also gzipped).
 * Cells are as written, never trimmed or converted; rows may differ in length. A file that is too large in any
 * direction is refused before it fills the memory.
 * @param file - Absolute path. An unreadable file throws the system's error.
 */
export function readCsv(file: string): Result<CsvTable, Diagnostic> {
  const text = readText(file);
  if (!text.ok) return text;
  const rows = text.value.includes('"') ? parseQuoted(file, text.value) : splitPlain(file, text.value);
  if (!rows.ok) return rows;
  const [header, ...body] = rows.value;
  if (header === undefined) return err(fault('this file is empty', place(file, 1), 'it needs a header line'));
  return ok({file, text: text.value, header, rows: body});
}

/** Reads a text file, gzipped or not. What is no UTF-8 text is refused: a CSV saved as UTF-16, or no CSV at all. */
export function readText(file: string): Result<string, Diagnostic> {
  const refuse = (message: string, hint: string, at = place(file, 1)): Result<string, Diagnostic> =>
    err(fault(message, at, hint));
  const {size} = statSync(file);
  if (size > MOST.bytes) return refuse(`this file is ${formatBytes(size)} large`, IS_IT_A_TABLE);
  let bytes = readFileSync(file);
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    try {
      bytes = gunzipSync(bytes, {maxOutputLength: MOST.bytes});
    } catch (error) {
      const isLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
      if (isLarge) return refuse(`this file unpacks to more than ${formatBytes(MOST.bytes)}`, IS_IT_A_TABLE);
      return refuse('this gzip file is damaged or cut off', 'fetch or copy it again');
    }
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', {fatal: true}).decode(bytes);
  } catch {
    return refuse('this file is not UTF-8 text', 'save it as CSV in UTF-8');
  }
  const zero = text.indexOf('\0');
  // Every other byte is zero in UTF-16.
  if (zero === 0 || zero === 1) return refuse('this file is not UTF-8 text', 'save it as CSV in UTF-8');
  if (zero > 0)
    return refuse('a NUL byte', 'the file is damaged: fetch or copy it again', locate(file, text, zero));
  return ok(text);
}

const IS_IT_A_TABLE = `tables of up to ${formatBytes(MOST.bytes)} are read: is this the right file?`;

/** Without a quote character there is nothing to parse, and this is four times as fast on the real metadata. */
function splitPlain(file: string, text: string): Result<readonly CsvRow[], Diagnostic> {
  const rows = createRowList(file);
  let line = 0;
  for (let start = 0; start < text.length; ) {
    line++;
    const newline = text.indexOf('\n', start);
    const end = newline === -1 ? text.length : newline;
    const content = text.slice(start, end > start && text[end - 1] === '\r' ? end - 1 : end);
    start = end + 1;
    if (content === '') continue;
    if (content.includes('\r')) return err(crAlone(file, line));
    if (content.length > MOST.lineLength) return err(tooLong(file, line));
    const refused = rows.add(line, content.split(',', MOST.columns + 1));
    if (refused !== null) return err(refused);
  }
  return ok(rows.all);
}

type RowList = Readonly<{
  all: readonly CsvRow[];
  /** @returns why the row is too much. */
  add(line: number, cells: readonly string[]): Diagnostic | null;
}>;

function createRowList(file: string): RowList {
  const all: CsvRow[] = [];
  let count = 0;
  return {
    all,
    add: (line, cells) => {
      all.push({line, cells});
      count += cells.length;
      if (cells.length > MOST.columns) {
        const message = `this row has more than ${formatCount(MOST.columns)} cells`;
        return fault(message, place(file, line), IS_IT_WHOLE);
      }
      if (all.length <= MOST.rows && count <= MOST.cells) return null;
      const most =
        all.length > MOST.rows ? `${formatCount(MOST.rows)} rows` : `${formatCount(MOST.cells)} cells`;
      return fault(`this file has more than ${most}`, place(file, line), 'is this the right file?');
    },
  };
}

const IS_IT_WHOLE = 'is this the right file, and are its line ends whole?';

function tooLong(file: string, line: number, hint = IS_IT_WHOLE): Diagnostic {
  const message = `this row is longer than ${formatCount(MOST.lineLength)} characters`;
  return fault(message, place(file, line), hint);
}

const QUOTE_FAULTS: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: 'a quote here is not closed',
  INVALID_OPENING_QUOTE: 'a quote inside a cell that does not begin with one',
  CSV_INVALID_CLOSING_QUOTE: 'text after the closing quote of a cell',
};

type Parsed = {record: string[]; info: {bytes: number}};

function parseQuoted(file: string, text: string): Result<readonly CsvRow[], Diagnostic> {
  const rows = createRowList(file);
  const bytes = Buffer.from(text);
  const places = createRowPlaces(bytes);
  let refused: Diagnostic | null = null;
  try {
    parse(bytes, {
      ...{info: true, relax_column_count: true, skip_empty_lines: true, max_record_size: MOST.lineLength},
      // Left to itself the parser takes the first line end for all, and files put together from others have both.
      record_delimiter: ['\r\n', '\n'],
      on_record: (parsed) => {
        const {record: cells, info} = parsed as unknown as Parsed;
        const {line, raw} = places.next(info.bytes);
        const endsWithCr = cells.some((cell) => cell.includes('\r')) && hasCrAlone(raw());
        refused = endsWithCr ? crAlone(file, line) : rows.add(line, cells);
        if (refused !== null) throw new Error(refused.message);
        return null;
      },
    });
    return ok(rows.all);
  } catch (error) {
    if (refused !== null) return err(refused);
    const {code, message} = error as CsvError;
    const {line} = places.next(bytes.length);
    if (code === 'CSV_MAX_RECORD_SIZE') return err(tooLong(file, line, 'is a quote not closed?'));
    if (!text.includes('\n') && text.includes('\r')) return err(crAlone(file, line));
    const what = QUOTE_FAULTS[code] ?? `this row cannot be read (${message})`;
    return err(fault(what, place(file, line), 'quotes go around a whole cell; inside it they are doubled'));
  }
}

type RowPlaces = Readonly<{
  /** @param end - Where in the text the row ends; with its line end, if it has one. */
  next(end: number): Readonly<{line: number; raw(): string}>;
}>;

/** The parser counts CRLF in a cell as two lines. */
function createRowPlaces(bytes: Buffer): RowPlaces {
  let [line, start] = [1, 0];
  const skipTo = (end: number): void => {
    for (let at = bytes.indexOf(0x0a, start); at !== -1 && at < end; at = bytes.indexOf(0x0a, at + 1)) line++;
    start = end;
  };
  return {
    next: (end) => {
      for (let blank = blankBytes(bytes, start); blank > 0; blank = blankBytes(bytes, start)) {
        skipTo(start + blank);
      }
      const [first, from] = [line, start];
      skipTo(end);
      return {line: first, raw: () => bytes.toString('utf8', from, end)};
    },
  };
}

/** Bytes of the blank line that begins here; 0 when there is none. */
function blankBytes(bytes: Buffer, start: number): number {
  if (bytes[start] === 0x0a) return 1;
  return bytes[start] === 0x0d && bytes[start + 1] === 0x0a ? 2 : 0;
}

/** In a quoted cell it may be. */
function hasCrAlone(row: string): boolean {
  return /\r(?!\n$)/.test(row.replace(/"[^"]*"/g, ''));
}

function crAlone(file: string, line: number): Diagnostic {
  return fault('lines end with CR alone', place(file, line), 'save it with LF or CRLF');
}

function locate(file: string, text: string, offset: number): Location {
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  return {file, line, column: offset - before.lastIndexOf('\n'), length: 1};
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
