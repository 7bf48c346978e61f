import {gzipSync} from 'node:zlib';
import fc from 'fast-check';

/** One of the ways in which programs write the same table. */
export type Style = Readonly<{
  bom: boolean;
  /** Of each line in turn. */
  lineEnds: readonly ('\n' | '\r\n')[];
  finalLineEnd: boolean;
  gzip: boolean;
  /** Which cells are quoted without need: every so many; 0 means none. */
  quoteEvery: number;
  /** Behind every so many lines; 0 means none. */
  blankLineEvery: number;
}>;

export const style: fc.Arbitrary<Style> = fc.record({
  bom: fc.boolean(),
  lineEnds: fc.oneof(
    fc.constantFrom<readonly ('\n' | '\r\n')[]>(['\n'], ['\r\n']),
    fc.array(fc.constantFrom<'\n' | '\r\n'>('\n', '\r\n'), {minLength: 1, maxLength: 5}),
  ),
  finalLineEnd: fc.boolean(),
  gzip: fc.boolean(),
  quoteEvery: fc.oneof(fc.constant(0), fc.integer({min: 1, max: 9})),
  blankLineEvery: fc.oneof(fc.constant(0), fc.integer({min: 1, max: 5})),
});

/** `lines` are where the rows begin. */
export type Written = Readonly<{bytes: Buffer; text: string; lines: readonly number[]}>;

export function writeRows(rows: readonly (readonly string[])[], style: Style): Written {
  let [text, cellNumber] = ['', 0];
  const lines: number[] = [];
  for (const [index, cells] of rows.entries()) {
    lines.push(text.split('\n').length);
    text += cells.map((cell) => quoted(cell, isChosen(++cellNumber, style.quoteEvery))).join(',');
    if (index === rows.length - 1 && !style.finalLineEnd) break;
    const end = style.lineEnds[index % style.lineEnds.length]!;
    text += isChosen(index, style.blankLineEvery) ? end + end : end;
  }
  return {...writeText(text, style), text, lines};
}

export function writeText(text: string, {bom, gzip}: Pick<Style, 'bom' | 'gzip'>): {bytes: Buffer} {
  const bytes = Buffer.from((bom ? '\ufeff' : '') + text);
  return {bytes: gzip ? gzipSync(bytes, {level: 1}) : bytes};
}

function isChosen(number: number, every: number): boolean {
  return every > 0 && number % every === 0;
}

function quoted(cell: string, isWanted: boolean): string {
  return isWanted || /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
