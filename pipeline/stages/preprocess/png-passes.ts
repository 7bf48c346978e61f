import {type PngHeader, samplesPerPixel} from '../png-header.js';

/** One of the images that an interlaced one is sent as, each finer than the last; otherwise the whole image. */
export type Pass = Readonly<{
  /** Where its first pixel is in the image. */
  left: number;
  top: number;
  /** From one of its pixels to the next. */
  stepX: number;
  stepY: number;
  columns: number;
  rows: number;
  /** Of a row, without the filter byte before it. */
  rowBytes: number;
  /** Where its rows begin in the uncompressed data. */
  start: number;
}>;

/** First column, first row, steps. */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/** The passes that have pixels, in their order in the file. */
export function passesOf(header: PngHeader): readonly Pass[] {
  const bits = samplesPerPixel(header) * header.depth;
  const steps = header.interlaced ? ADAM7 : ([[0, 0, 1, 1]] as const);
  let start = 0;
  return steps.flatMap(([left, top, stepX, stepY]) => {
    const columns = Math.ceil((header.width - left) / stepX);
    const rows = Math.ceil((header.height - top) / stepY);
    if (columns <= 0 || rows <= 0) return [];
    const pass = {left, top, stepX, stepY, columns, rows, rowBytes: Math.ceil((columns * bits) / 8), start};
    start += filteredBytes(pass);
    return [pass];
  });
}

/** Bytes of all passes together, uncompressed: each row has a filter byte before it. */
export function dataBytes(header: PngHeader): number {
  return passesOf(header).reduce((sum, pass) => sum + filteredBytes(pass), 0);
}

function filteredBytes({rows, rowBytes}: Readonly<{rows: number; rowBytes: number}>): number {
  return rows * (1 + rowBytes);
}

/**
 * Every `step`-th byte of a pass's rows from the byte `first` on, still filtered: PNG's filters predict each byte from the
 * bytes at its place in the pixels around, so one can be taken out before they are undone. For samples of less than a
 * byte `step` is 1 and a pixel of the result is a byte of several.
 */
export function filteredPlane(
  filtered: Uint8Array,
  {pass, step, first}: Readonly<{pass: Pass; step: number; first: number}>,
): Uint8Array {
  const {start, rows, rowBytes} = pass;
  if (step === 1) return filtered.subarray(start, start + filteredBytes(pass));
  const width = rowBytes / step;
  const plane = new Uint8Array(rows * (1 + width));
  let [from, to] = [start, 0];
  for (let row = 0; row < rows; row++) {
    plane[to++] = filtered[from++]!;
    const next = from + rowBytes;
    for (let place = from + first; place < next; place += step) plane[to++] = filtered[place]!;
    from = next;
  }
  return plane;
}

/** @param row - Counts from 1; null in an interlaced image, where rows come in another order. */
export function unknownFilter(row: number | null): string {
  return `has a row filter that PNG does not know${row === null ? '' : `, in row ${row}`}`;
}
