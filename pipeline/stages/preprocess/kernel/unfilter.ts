import {halfTranspose, halfTransposeTo} from './transpose';

/**
 * PNG's Average and Paeth filters depend on the pixel to the left, so one row cannot be decoded in parallel. Sixteen
 * rows can: lane i decodes row i at column t - i, one step behind the row above it, whose pixel it then has. Columns
 * before the first and after the last are decoded too, from whatever bytes are there, and land between the rows.
 */
const LANES: usize = 16;

/** Column, then row order of one block of 16 steps, and the halves of their transpositions. */
const steps = memory.data(256, 16);
const halfway = memory.data(256, 16);

/**
 * Undoes the row filters of 8-bit samples, one byte per pixel.
 * @param raw - `height` rows of a filter byte and `width` samples; 16 bytes before and 48 after must be readable.
 * @param pixels - First pixel of the result. A row of zeros lies above it, 16 bytes before that are writable too.
 * @param pitch - Bytes from row to row of the result, at least width + 32.
 * @returns 0, or the 1-based number of the first row whose filter type PNG does not know.
 */
export function unfilter(raw: usize, width: usize, height: usize, pixels: usize, pitch: usize): usize {
  for (let row: usize = 0; row < height; row++) {
    if (load<u8>(raw + row * (width + 1)) > 4) return row + 1;
  }
  memory.fill(pixels - pitch, 0, width);
  let row: usize = 0;
  for (; row + LANES <= height; row += LANES) {
    unfilterSixteenRows(raw + row * (width + 1), width, pixels + row * pitch, pitch);
  }
  for (; row < height; row++) {
    unfilterRow(raw + row * (width + 1), width, pixels + row * pitch, pitch);
  }
  return 0;
}

function unfilterSixteenRows(raw: usize, width: usize, pixels: usize, pitch: usize): void {
  const filters = filterTypes(raw, width + 1);
  const isSub = i8x16.eq(filters, i8x16.splat(1));
  const isUp = i8x16.eq(filters, i8x16.splat(2));
  const isAverage = i8x16.eq(filters, i8x16.splat(3));
  const isPaeth = i8x16.eq(filters, i8x16.splat(4));
  const laneNumbers = i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const samples = raw + 1;
  const above = pixels - pitch - 15;
  let left = i8x16.splat(0);
  let upLeft = i8x16.splat(0);
  for (let block: usize = 0; block < width + LANES - 1; block += LANES) {
    // Row i starts i bytes earlier: the diagonal becomes a column.
    halfTranspose(samples + block, width, halfway);
    halfTranspose(halfway, 16, steps);
    for (let step: usize = 0; step < LANES; step++) {
      const sample = v128.load(steps + step * 16);
      // Lane 0 has the last byte of the row above the group, the others what the lane before them just decoded.
      const up = i8x16.shuffle(
        v128.load(above + block + step),
        left,
        15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30,
      );
      const average = i8x16.sub(i8x16.avgr_u(left, up), v128.and(v128.xor(left, up), i8x16.splat(1)));
      const simple = v128.or(
        v128.or(v128.and(left, isSub), v128.and(up, isUp)),
        v128.and(average, isAverage),
      );
      const predicted = v128.or(v128.and(paeth(left, up, upLeft), isPaeth), simple);
      let decoded = i8x16.add(sample, predicted);
      // A lane that has not reached its first column must stay zero: it is the pixel left of that column.
      if (block == 0) decoded = v128.and(decoded, i8x16.le_u(laneNumbers, i8x16.splat(<i8>step)));
      v128.store(steps + step * 16, decoded);
      upLeft = up;
      left = decoded;
    }
    halfTranspose(steps, 16, halfway);
    halfTransposeTo(halfway, pixels + block, pitch - 1);
  }
}

/**
 * Of left, up and upper left the one nearest to left + up - upLeft, in that order when tied. When upLeft is not
 * between the others it is never chosen; else its distance is the difference of theirs. So eight bits are enough.
 */
// @ts-ignore: decorator
@inline
function paeth(left: v128, up: v128, upLeft: v128): v128 {
  const distanceOfLeft = difference(up, upLeft);
  const distanceOfUp = difference(left, upLeft);
  const nearer = i8x16.min_u(distanceOfLeft, distanceOfUp);
  const distanceOfUpLeft = difference(distanceOfLeft, distanceOfUp);
  const outside = i8x16.eq(atLeast(left, upLeft), atLeast(up, upLeft));
  const notUpLeft = v128.or(outside, atLeast(distanceOfUpLeft, nearer));
  const leftOrUp = v128.bitselect(left, up, i8x16.eq(nearer, distanceOfLeft));
  return v128.bitselect(leftOrUp, upLeft, notUpLeft);
}

// @ts-ignore: decorator
@inline
function difference(a: v128, b: v128): v128 {
  return v128.or(i8x16.sub_sat_u(a, b), i8x16.sub_sat_u(b, a));
}

// @ts-ignore: decorator
@inline
function atLeast(a: v128, b: v128): v128 {
  return i8x16.eq(i8x16.max_u(a, b), a);
}

function filterTypes(raw: usize, stride: usize): v128 {
  for (let lane: usize = 0; lane < LANES; lane++) store<u8>(halfway + lane, load<u8>(raw + lane * stride));
  return v128.load(halfway);
}

/** One row the plain way, for the last rows of an image. */
function unfilterRow(raw: usize, width: usize, pixels: usize, pitch: usize): void {
  const filter = load<u8>(raw);
  let left: i32 = 0;
  let upLeft: i32 = 0;
  for (let column: usize = 0; column < width; column++) {
    const up: i32 = load<u8>(pixels + column - pitch);
    let predicted: i32 = 0;
    if (filter == 1) predicted = left;
    else if (filter == 2) predicted = up;
    else if (filter == 3) predicted = (left + up) >> 1;
    else if (filter == 4) predicted = paethOf(left, up, upLeft);
    left = (load<u8>(raw + 1 + column) + predicted) & 255;
    upLeft = up;
    store<u8>(pixels + column, <u8>left);
  }
}

function paethOf(left: i32, up: i32, upLeft: i32): i32 {
  const distanceOfLeft = abs(up - upLeft);
  const distanceOfUp = abs(left - upLeft);
  const distanceOfUpLeft = abs(left + up - 2 * upLeft);
  if (distanceOfLeft <= distanceOfUp && distanceOfLeft <= distanceOfUpLeft) return left;
  return distanceOfUp <= distanceOfUpLeft ? up : upLeft;
}
