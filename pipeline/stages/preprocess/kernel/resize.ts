/**
 * The two passes of Pillow's antialiased resize for 8-bit samples (libImaging/Resample.c): every output is the sum of
 * inputs times coefficients of 22 fractional bits, plus a half, cut to an integer. Coefficients are never negative here
 * (triangle filter) and add up to 1, so nothing is clipped.
 */
const FRACTION_BITS = 22;
const HALF: i32 = 1 << (FRACTION_BITS - 1);
/** A coefficient does not fit the 16-bit multipliers, so it is cut in two: high * 2^11 + low. */
const LOW_BITS = 11;

/**
 * Resizes every row. Four outputs at a time; the table has entries for a multiple of four.
 * @param starts - Per output (u32) the first source column.
 * @param coefficients - Per output and group of 8 taps: eight high parts (i16), then eight low parts.
 * @param groups - Groups of 8 taps per output. The source must be readable 8 * groups bytes from each start.
 */
export function resizeRows(
  source: usize, sourcePitch: usize, target: usize, targetPitch: usize, rows: usize, columns: usize,
  starts: usize, coefficients: usize, groups: usize,
): void {
  const bytesPerOutput = groups * 32;
  for (let row: usize = 0; row < rows; row++) {
    let table = coefficients;
    for (let column: usize = 0; column < columns; column += 4) {
      const start = starts + column * 4;
      const first = weightedSum(source + load<u32>(start), table, groups);
      const second = weightedSum(source + load<u32>(start, 4), table + bytesPerOutput, groups);
      const third = weightedSum(source + load<u32>(start, 8), table + 2 * bytesPerOutput, groups);
      const fourth = weightedSum(source + load<u32>(start, 12), table + 3 * bytesPerOutput, groups);
      table += 4 * bytesPerOutput;
      const sums = sumOfLanes(first, second, third, fourth);
      const rounded = i32x4.shr_u(i32x4.add(sums, i32x4.splat(HALF)), FRACTION_BITS);
      const words = i16x8.narrow_i32x4_u(rounded, rounded);
      v128.store32_lane(target + column, i8x16.narrow_i16x8_u(words, words), 0);
    }
    source += sourcePitch;
    target += targetPitch;
  }
}

// @ts-ignore: decorator
@inline
function weightedSum(samples: usize, table: usize, groups: usize): v128 {
  let sum = weightedGroup(samples, table);
  for (let group: usize = 1; group < groups; group++) {
    samples += 8;
    table += 32;
    sum = i32x4.add(sum, weightedGroup(samples, table));
  }
  return sum;
}

// @ts-ignore: decorator
@inline
function weightedGroup(samples: usize, table: usize): v128 {
  const taps = v128.load8x8_u(samples);
  const high = i32x4.dot_i16x8_s(taps, v128.load(table));
  const low = i32x4.dot_i16x8_s(taps, v128.load(table, 16));
  return i32x4.add(i32x4.shl(high, LOW_BITS), low);
}

/** Lane k of the result is the sum of the four lanes of the k-th argument. */
// @ts-ignore: decorator
@inline
function sumOfLanes(first: v128, second: v128, third: v128, fourth: v128): v128 {
  const left = pairSums(first, second);
  const right = pairSums(third, fourth);
  return i32x4.add(
    i8x16.shuffle(left, right, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23),
    i8x16.shuffle(left, right, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31),
  );
}

// @ts-ignore: decorator
@inline
function pairSums(a: v128, b: v128): v128 {
  return i32x4.add(
    i8x16.shuffle(a, b, 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23),
    i8x16.shuffle(a, b, 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31),
  );
}

/**
 * Resizes every column: each output row is a weighted sum of source rows. Sixteen columns at a time, so up to 15 bytes
 * after each output row are written too: the next row overwrites them, the caller leaves room after the last.
 * @param starts - Per output row (u32) the first source row.
 * @param counts - Per output row (u32) the number of source rows.
 * @param coefficients - Per output row `taps` coefficients (i32).
 */
export function resizeColumns(
  source: usize, sourcePitch: usize, target: usize, rows: usize, columns: usize,
  starts: usize, counts: usize, coefficients: usize, taps: usize,
): void {
  for (let row: usize = 0; row < rows; row++) {
    const first = source + <usize>load<u32>(starts + row * 4) * sourcePitch;
    const count: usize = load<u32>(counts + row * 4);
    const table = coefficients + row * taps * 4;
    for (let column: usize = 0; column < columns; column += 16) {
      weightedRows(first + column, sourcePitch, count, table, target + column);
    }
    target += columns;
  }
}

// @ts-ignore: decorator
@inline
function weightedRows(samples: usize, pitch: usize, count: usize, table: usize, target: usize): void {
  let a = i32x4.splat(HALF), b = a, c = a, d = a;
  for (let tap: usize = 0; tap < count; tap++) {
    const coefficient = v128.load32_splat(table + tap * 4);
    const bytes = v128.load(samples);
    const low = i16x8.extend_low_i8x16_u(bytes);
    const high = i16x8.extend_high_i8x16_u(bytes);
    a = i32x4.add(a, i32x4.mul(i32x4.extend_low_i16x8_u(low), coefficient));
    b = i32x4.add(b, i32x4.mul(i32x4.extend_high_i16x8_u(low), coefficient));
    c = i32x4.add(c, i32x4.mul(i32x4.extend_low_i16x8_u(high), coefficient));
    d = i32x4.add(d, i32x4.mul(i32x4.extend_high_i16x8_u(high), coefficient));
    samples += pitch;
  }
  const left = i16x8.narrow_i32x4_u(i32x4.shr_u(a, FRACTION_BITS), i32x4.shr_u(b, FRACTION_BITS));
  const right = i16x8.narrow_i32x4_u(i32x4.shr_u(c, FRACTION_BITS), i32x4.shr_u(d, FRACTION_BITS));
  v128.store(target, i8x16.narrow_i16x8_u(left, right));
}
