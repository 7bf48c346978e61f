/**
 * Half of a 16×16 byte transposition: interleaves source rows i, i+4, i+8, i+12. Done twice, rows have become columns.
 * `stride` is the distance between the rows of the source in bytes; the target is 256 bytes without gaps.
 */
export function halfTranspose(source: usize, stride: usize, target: usize): void {
  for (let i: usize = 0; i < 4; i++) {
    const row = source + i * stride;
    const first = v128.load(row);
    const second = v128.load(row + 4 * stride);
    const third = v128.load(row + 8 * stride);
    const fourth = v128.load(row + 12 * stride);
    const oddLow = interleaveLow(first, third);
    const oddHigh = interleaveHigh(first, third);
    const evenLow = interleaveLow(second, fourth);
    const evenHigh = interleaveHigh(second, fourth);
    v128.store(target, interleaveLow(oddLow, evenLow));
    v128.store(target, interleaveHigh(oddLow, evenLow), 16);
    v128.store(target, interleaveLow(oddHigh, evenHigh), 32);
    v128.store(target, interleaveHigh(oddHigh, evenHigh), 48);
    target += 64;
  }
}

/** The same, from 256 bytes without gaps to 16 rows at a distance. */
export function halfTransposeTo(source: usize, target: usize, stride: usize): void {
  for (let i: usize = 0; i < 4; i++) {
    const first = v128.load(source);
    const second = v128.load(source, 64);
    const third = v128.load(source, 128);
    const fourth = v128.load(source, 192);
    source += 16;
    const oddLow = interleaveLow(first, third);
    const oddHigh = interleaveHigh(first, third);
    const evenLow = interleaveLow(second, fourth);
    const evenHigh = interleaveHigh(second, fourth);
    v128.store(target, interleaveLow(oddLow, evenLow));
    v128.store(target + stride, interleaveHigh(oddLow, evenLow));
    v128.store(target + 2 * stride, interleaveLow(oddHigh, evenHigh));
    v128.store(target + 3 * stride, interleaveHigh(oddHigh, evenHigh));
    target += 4 * stride;
  }
}

// @ts-ignore: decorator
@inline
function interleaveLow(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}

// @ts-ignore: decorator
@inline
function interleaveHigh(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}
