import {styleText} from 'node:util';
import {beginning, displayWidth, truncate} from './text.js';

/** A piece of a line in one style. Its text holds no control character (see printable). */
export type Span = Readonly<{text: string; style: Style}>;
/** One line of the terminal, without its end. */
export type Line = readonly Span[];
/** What a piece of text means; the colour follows from it. */
export type Style = 'plain' | 'dim' | 'bold' | 'good' | 'bad' | 'warn' | 'live' | 'restored';

const PLAIN = 'plain';

/** A piece of text, plain unless told otherwise. */
export function span(text: string, style: Style = PLAIN): Span {
  return {text, style};
}

/** Columns that a line takes. */
export function lineWidth(line: Line): number {
  return line.reduce((width, {text}) => width + displayWidth(text), 0);
}

/** The line in at most that many columns, its end replaced by … when it does not fit. */
export function fitLine(line: Line, columns: number): Line {
  if (lineWidth(line) <= columns) return line;
  const fitted: Span[] = [];
  let room = columns;
  for (const {text, style} of line) {
    // One column stays free for the … that says that something follows.
    const kept = displayWidth(text) < room ? text : truncate(`${text} `, room);
    fitted.push(span(kept, style));
    room -= displayWidth(kept);
    if (room <= 0 || kept !== text) break;
  }
  return fitted;
}

/** The line broken where words end, so that nothing of it is lost; what is carried over is indented. */
export function wrapLine(line: Line, columns: number, indent: number): readonly Line[] {
  const lines: Span[][] = [[]];
  let used = 0;
  const carry = (): void => {
    lines.push([span(' '.repeat(indent))]);
    used = indent;
  };
  for (const {text, style} of line) {
    for (const word of text.match(/ +|[^ ]+/g) ?? []) {
      let rest = word;
      if (used + displayWidth(rest) > columns && used > indent) {
        carry();
        rest = rest.trimStart();
      }
      while (used + displayWidth(rest) > columns) {
        const part = beginning(rest, columns - used);
        if (part === '') break;
        lines.at(-1)!.push(span(part, style));
        rest = rest.slice(part.length);
        carry();
      }
      if (rest !== '') lines.at(-1)!.push(span(rest, style));
      used += displayWidth(rest);
    }
  }
  return lines;
}

/** @param color - Whether to write ANSI colours; the caller has looked at flags, NO_COLOR and the terminal. */
export function renderLine(line: Line, color: boolean): string {
  const text = line.map((piece) => (color ? paint(piece) : piece.text)).join('');
  return color ? text : text.trimEnd();
}

function paint({text, style}: Span): string {
  const format = FORMATS[style];
  // Without validateStream, newer Node would look at stdout and the environment once more and overrule the caller.
  return format === null || text.trim() === '' ? text : styleText(format, text, {validateStream: false});
}

const FORMATS: Readonly<Record<Style, Parameters<typeof styleText>[0] | null>> = {
  plain: null,
  dim: 'dim',
  bold: 'bold',
  good: 'green',
  bad: 'red',
  warn: 'yellow',
  live: 'cyan',
  restored: 'blue',
};
