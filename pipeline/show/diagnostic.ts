import type {Diagnostic, Location} from '../model/diagnostic.js';
import {countOf} from '../model/words.js';
import {type Line, renderLine, span} from './line.js';
import {displayWidth, expandTabs, padStart, printable} from './text.js';

/** How diagnostics are shown, and where source lines come from. */
export type DiagnosticView = Readonly<{
  color: boolean;
  /** The text of a file as a location names it; null when it cannot be read: then no source line is shown. */
  readText(file: string): string | null;
}>;

/** Longest part of a source line to show; configurations are narrower, tables are not. */
const MOST_COLUMNS = 100;

/**
 * Each diagnostic with its place, source line and caret, separated by empty lines; ends with a line end. More than
 * one end with a count.
 */
export function printDiagnostics(diagnostics: readonly Diagnostic[], view: DiagnosticView): string {
  if (diagnostics.length === 0) return '';
  const blocks = diagnostics.map((diagnostic) => diagnosticLines(diagnostic, view));
  if (diagnostics.length > 1) blocks.push([[span(count(diagnostics), 'bold')]]);
  const texts = blocks.map((lines) => lines.map((line) => `${renderLine(line, view.color)}\n`).join(''));
  return texts.join('\n');
}

/** Shared with the description of a failed stage. */
export function diagnosticLines(diagnostic: Diagnostic, {readText}: DiagnosticView): readonly Line[] {
  const {severity, message, location, hint, related = []} = diagnostic;
  const style = severity === 'error' ? 'bad' : 'warn';
  const head: Line = [
    ...(location === null ? [] : [span(`${spot(location)}: `, 'bold')]),
    span(`${severity}: `, style),
    span(printable(message)),
  ];
  return [
    head,
    ...(location === null ? [] : excerpt({location, text: readText(location.file), style})),
    ...(hint === undefined ? [] : [[span('  hint: ', 'live'), span(printable(hint))]]),
    ...related.flatMap((other): readonly Line[] => [
      [span('  '), span(`${spot(other.location)}: `, 'bold'), span(printable(other.message))],
      ...excerpt({location: other.location, text: readText(other.location.file), style: 'live'}),
    ]),
  ];
}

function spot({file, line, column}: Location): string {
  return `${printable(file)}:${line}:${column}`;
}

/** The source line, and below it a caret under every column that is at fault. */
function excerpt({
  location,
  text,
  style,
}: {
  location: Location;
  text: string | null;
  style: 'bad' | 'warn' | 'live';
}): readonly Line[] {
  const source = text?.replace(/^\ufeff/, '').split(/\r?\n/)[location.line - 1];
  if (source === undefined || (source.trim() === '' && location.column === 1)) return [];
  const start = location.column - 1;
  // Tabs are expanded over the whole line, so that a tab stop is where an editor shows it.
  const shown = (end: number) => expandTabs(source.slice(0, end), 4);
  const before = escaped(shown(start));
  const marked = escaped(shown(start + location.length)).slice(before.length);
  const {line, left} = windowOf(escaped(expandTabs(source, 4)), {
    start: before.length,
    length: marked.length,
  });
  const indent = displayWidth(line.slice(0, left));
  const carets = Math.max(1, Math.min(displayWidth(marked), displayWidth(line.slice(left))));
  const number = String(location.line);
  return [
    [span(`  ${number} │ `, 'dim'), span(line)],
    [
      span(`  ${padStart('', number.length)} │ `, 'dim'),
      span(' '.repeat(indent)),
      span('^'.repeat(carets), style),
    ],
  ];
}

/** The part of a long line around the fault. `left`: where the fault begins in it. */
function windowOf(
  line: string,
  {start, length}: {start: number; length: number},
): {line: string; left: number} {
  if (line.length <= MOST_COLUMNS) return {line: line.trimEnd(), left: start};
  const room = Math.max(0, MOST_COLUMNS - Math.min(length, MOST_COLUMNS));
  const from = Math.max(0, Math.min(start - Math.floor(room / 2), line.length - MOST_COLUMNS));
  const part = line.slice(from, from + MOST_COLUMNS);
  const [head, tail] = [from > 0 ? '…' : '', from + MOST_COLUMNS < line.length ? '…' : ''];
  return {line: `${head}${part}${tail}`, left: start - from + head.length};
}

/** Control characters of the source and what turns the direction of reading, one column each, so that the caret stays in place. */
function escaped(line: string): string {
  return line.replace(/[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu, '\ufffd');
}

function count(diagnostics: readonly Diagnostic[]): string {
  const errors = diagnostics.filter(({severity}) => severity === 'error').length;
  const warnings = diagnostics.length - errors;
  const parts = [
    ...(errors > 0 ? [countOf(errors, 'error')] : []),
    ...(warnings > 0 ? [countOf(warnings, 'warning')] : []),
  ];
  return parts.join(', ');
}
