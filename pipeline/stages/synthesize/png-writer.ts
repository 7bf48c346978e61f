import {constants, crc32, deflateSync} from 'node:zlib';
import {PNG_SIGNATURE} from '../png-header.js';
import {createRandom} from '../random.js';
import {DRAWN_SIZE} from './anatomy.js';
import {GRAIN_BITS, GRAIN_LENGTH, grain} from './grain.js';

/** Fractional bits of a gray value while a row is enlarged. */
const GRAY_BITS = 8;

/** PNG's row filter that stores differences to the pixel on the left. */
const SUB = 1;

/**
 * Noise has no repetitions to find. Looking for runs only is half as slow again as the default at nearly the same
 * size, and does not depend on the processor as the search for matches does.
 */
const DEFLATE = {level: 1, memLevel: 9, strategy: constants.Z_RLE, chunkSize: 1 << 20} as const;

export type PngWriter = Readonly<{
  /** @param drawn - DRAWN_SIZE squared grays. @returns A PNG file, 8-bit gray or, as one in a hundred, RGBA. */
  write(drawn: Float32Array, options: Readonly<{seed: number; rgba: boolean}>): Buffer;
}>;

/** @param size - 1, 2 or 4 times DRAWN_SIZE. One writer per thread: it works in memory of its own. */
export function createPngWriter(size: number): PngWriter {
  const rows = new Uint8Array(size * (size + 1));
  return {
    write: (drawn, {seed, rgba}) => {
      enlarge(drawn, {size, seed, target: rows});
      if (!rgba) return pngFile({size, colourType: 0, ancillary: [], rows});
      return pngFile({size, colourType: 6, ancillary: RGBA_CHUNKS, rows: asRgba(rows, size)});
    },
  };
}

/** Bilinear enlargement in whole numbers, fine noise and the row filter, all in one pass over the image. */
function enlarge(
  drawn: Float32Array,
  {size, seed, target}: Readonly<{size: number; seed: number; target: Uint8Array}>,
): void {
  const factor = size / DRAWN_SIZE;
  const random = createRandom(seed);
  const unit = 2 * factor;
  const shift = GRAY_BITS + 2 * Math.log2(unit);
  const half = 2 ** (shift - 1);
  const noiseUnit = (unit * unit * 2 ** GRAY_BITS) / 2 ** GRAIN_BITS;
  let [above, below] = [new Int32Array(size), new Int32Array(size)];
  let [aboveRow, belowRow] = [-1, -1];
  for (let row = 0, place = 0; row < size; row++) {
    const {first, second, weight} = neighbours(row, factor);
    if (belowRow === first && aboveRow !== first) {
      [above, below] = [below, above];
      [aboveRow, belowRow] = [belowRow, aboveRow];
    }
    if (aboveRow !== first) widen(drawn, {row: first, factor, target: above});
    if (belowRow !== second) widen(drawn, {row: second, factor, target: below});
    [aboveRow, belowRow] = [first, second];
    let [noise, left] = [random.below(GRAIN_LENGTH - size), 0];
    target[place++] = SUB;
    for (let column = 0; column < size; column++) {
      const sum = (unit - weight) * above[column]! + weight * below[column]! + noiseUnit * grain(noise++);
      const gray = Math.min(255, Math.max(0, (sum + half) >> shift));
      target[place++] = gray - left;
      left = gray;
    }
  }
}

/** The two drawn rows around an enlarged one, and the second one's weight in units of 1 / (2 * factor). */
function neighbours(row: number, factor: number): {first: number; second: number; weight: number} {
  const [drawn, offset] = [Math.floor(row / factor), 2 * (row % factor) + 1 - factor];
  if (offset < 0) return {first: Math.max(0, drawn - 1), second: drawn, weight: 2 * factor + offset};
  return {first: drawn, second: Math.min(DRAWN_SIZE - 1, drawn + 1), weight: offset};
}

/** One drawn row enlarged sideways, in units of 1 / (2 * factor) and 2^-GRAY_BITS gray levels. */
function widen(
  drawn: Float32Array,
  {row, factor, target}: Readonly<{row: number; factor: number; target: Int32Array}>,
): void {
  const start = row * DRAWN_SIZE;
  const grayAt = (column: number): number => (drawn[start + column]! * 2 ** GRAY_BITS) | 0;
  let [left, middle] = [grayAt(0), grayAt(0)];
  for (let column = 0, place = 0; column < DRAWN_SIZE; column++) {
    const right = grayAt(Math.min(DRAWN_SIZE - 1, column + 1));
    for (let part = 0; part < factor; part++) {
      const offset = 2 * part + 1 - factor;
      const other = offset < 0 ? left : right;
      target[place++] = (2 * factor - Math.abs(offset)) * middle + Math.abs(offset) * other;
    }
    [left, middle] = [middle, right];
  }
}

/** The same filtered rows with three equal colours and full opacity. */
function asRgba(gray: Uint8Array, size: number): Uint8Array {
  const rows = new Uint8Array(size * (4 * size + 1));
  for (let row = 0, from = 0, to = 0; row < size; row++) {
    rows[to++] = gray[from++]!;
    for (let column = 0; column < size; column++, from++, to += 4) {
      rows.fill(gray[from]!, to, to + 3);
      rows[to + 3] = column === 0 ? 255 : 0;
    }
  }
  return rows;
}

/** The chunks that the RGBA files among the published images have, and no others: sRGB, gamma 1/2.2, 96 dpi. */
const RGBA_CHUNKS: readonly Buffer[] = [
  chunk('sRGB', Buffer.from([0])),
  chunk('gAMA', Buffer.from([0, 0, 0xb1, 0x8f])),
  chunk('pHYs', Buffer.from([0, 0, 0x0e, 0xc4, 0, 0, 0x0e, 0xc4, 1])),
];

function pngFile({
  size,
  colourType,
  ancillary,
  rows,
}: Readonly<{
  size: number;
  colourType: number;
  ancillary: readonly Buffer[];
  rows: Uint8Array;
}>): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  header.set([8, colourType], 8);
  const data = chunk('IDAT', deflateSync(rows, DEFLATE));
  return Buffer.concat([
    PNG_SIGNATURE,
    chunk('IHDR', header),
    ...ancillary,
    data,
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, content: Uint8Array): Buffer {
  const bytes = Buffer.alloc(12 + content.length);
  bytes.writeUInt32BE(content.length, 0);
  bytes.write(type, 4, 'latin1');
  bytes.set(content, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, 8 + content.length)), 8 + content.length);
  return bytes;
}
