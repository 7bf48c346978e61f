/** Columns of a terminal that a text takes: wide characters and emoji take two, combining marks none. */
export function displayWidth(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const {segment} of SEGMENTS.segment(text)) width += segmentWidth(segment);
  return width;
}

/** At most that many columns, the end replaced by … when it does not fit. */
export function truncate(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  return columns < 1 ? '' : `${beginning(text, columns - 1)}…`;
}

/** As much of the text as fits in that many columns. */
export function beginning(text: string, columns: number): string {
  let kept = '';
  let width = 0;
  for (const {segment} of SEGMENTS.segment(text)) {
    width += segmentWidth(segment);
    if (width > columns) break;
    kept += segment;
  }
  return kept;
}

/** Filled with spaces on the right, up to that many columns. */
export function padEnd(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - displayWidth(text)));
}

/** Filled with spaces on the left, up to that many columns. */
export function padStart(text: string, columns: number): string {
  return ' '.repeat(Math.max(0, columns - displayWidth(text))) + text;
}

/**
 * One line that cannot move the cursor, change colours or turn the direction of reading: control characters are
 * written out (`\x1b`), tabs and line ends become spaces. For any text that a stage, a file or a user gave.
 */
export function printable(text: string): string {
  return text.replace(/\r?\n|\t/g, ' ').replace(CONTROL, (character) => {
    const code = character.codePointAt(0)!;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`;
  });
}

/** What a program printed, as lines: its colours are dropped, and of a progress line rewritten by \r the last state stays. */
export function outputLines(text: string): readonly string[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colour sequences begin with one
  const plain = text.replace(/\x1b\[[0-9;]*m/g, '').replace(/\r\n/g, '\n');
  const lines = plain.replace(/\n$/, '').split('\n');
  return lines.map((line) => printable(expandTabs(line.replace(/^.*\r(?=.)/, '').replace(/\r$/, ''), 8)));
}

/** Spaces in place of tabs, up to the next multiple of `every` columns. */
export function expandTabs(line: string, every: number): string {
  let expanded = '';
  for (const [index, piece] of line.split('\t').entries()) {
    if (index > 0) expanded += ' '.repeat(every - (displayWidth(expanded) % every));
    expanded += piece;
  }
  return expanded;
}

const SEGMENTS = new Intl.Segmenter('en', {granularity: 'grapheme'});
const CONTROL = /[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;
const NO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}\p{Cc}]+$/u;
/** East Asian wide and fullwidth (Unicode 15, UAX #11), and what terminals show as an emoji. */
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1b000}-\u{1b2fb}\u{1f200}-\u{1f251}\u{20000}-\u{3fffd}\p{Emoji_Presentation}]|\ufe0f/u;

function segmentWidth(segment: string): number {
  if (NO_WIDTH.test(segment)) return 0;
  return WIDE.test(segment) ? 2 : 1;
}
