/** A picture is averaged to so many cells a side; of its cosine transform 8×8 low frequencies are kept, none constant. */
const [CELLS, FREQUENCIES] = [32, 8];

/** At least this many rows are looked at: more of a larger picture would cost time and change nothing. */
const ROWS = 128;

/** Fractional bits of a cell's mean, a cosine, a threshold: so few that every sum is a whole number below 2^53. */
const [CELL_BITS, COSINE_BITS, THRESHOLD_BITS] = [4, 10, 8];

/**
 * What each frequency is in a typical radiograph, relative to the picture's contrast: the medians of 160 radiographs of
 * 160 patients from ChestX-ray14. All chests have one layout, so against one median of the picture itself, as is usual,
 * most bits would be equal in all of them. From row to row the frequency down the picture rises, in a row that across.
 */
const TYPICAL: readonly number[] = [
  -1474, 40190, 543, 29605, -512, -2826, 1886, 6395, 1406, -39624, -4486, -24131, 4686, 9810, -1131, 2151,
  -2465, -27131, 2404, 2885, -102, 7863, -1068, -3387, -1766, -15774, 2578, 6627, -191, 393, -233, -2474, 353,
  -7978, -934, 4651, -209, 625, -15, 362, -317, -2202, 943, 5987, -436, 312, 174, 47, -371, -2103, 281, 3327,
  -481, -652, 47, -255, 194, 205, -150, 2409, -136, 212, -290, 113,
];

/** By frequency, then cell. */
const COSINES = Int32Array.from({length: FREQUENCIES * CELLS}, (_, place) => {
  const [frequency, cell] = [Math.floor(place / CELLS) + 1, place % CELLS];
  const cosine = Math.cos(((2 * cell + 1) * frequency * Math.PI) / (2 * CELLS)) * 2 ** COSINE_BITS;
  // Cosines of opposite sign stay opposite, so that a flat picture has no amplitude at all.
  return Math.sign(cosine) * Math.round(Math.abs(cosine));
});

/**
 * 64-bit perceptual hash: radiographs that look alike have hashes that differ in few bits. It holds against other sizes,
 * brightness, contrast and encodings, and against shifts of a pixel or two; it does not see mirrored or turned copies.
 * Whole numbers only, so it is the same on every machine.
 * @param pixels - `size * size` gray values; @param size - From 64 to 1024.
 * @returns 16 hexadecimal digits.
 */
export function perceptualHash(pixels: Uint8Array, size: number): string {
  const cells = averagedCells(pixels, size);
  const contrast = contrastOf(cells);
  const amplitudes = transform(cells);
  let hash = '';
  for (let digit = 0; digit < 16; digit++) {
    let value = 0;
    for (let bit = 4 * digit; bit < 4 * digit + 4; bit++) {
      const isAbove = amplitudes[bit]! * 2 ** THRESHOLD_BITS > TYPICAL[bit]! * contrast;
      value = 2 * value + (isAbove ? 1 : 0);
    }
    hash += value.toString(16);
  }
  return hash;
}

/**
 * Means over equal cells. A pixel counts as 32×32 parts, so a cell is `size` parts wide and its borders fall between parts
 * whatever the size. Of `step` rows the middle one stands for all.
 */
function averagedCells(pixels: Uint8Array, size: number): Int32Array {
  const cells = new Int32Array(CELLS * CELLS);
  const step = Math.max(1, Math.floor(size / ROWS));
  const line = new Int32Array(CELLS);
  for (let row = 0; row < size; row += step) {
    const rows = Math.min(step, size - row);
    sumAcross({pixels, size, from: (row + (rows >> 1)) * size, line});
    const cellRow = Math.floor((row * CELLS) / size);
    const here = Math.min((row + rows) * CELLS, (cellRow + 1) * size) - row * CELLS;
    const below = rows * CELLS - here;
    for (let cell = 0; cell < CELLS; cell++) {
      cells[cellRow * CELLS + cell]! += line[cell]! * here;
      if (below > 0) cells[(cellRow + 1) * CELLS + cell]! += line[cell]! * below;
    }
  }
  const parts = size * size;
  for (let cell = 0; cell < cells.length; cell++) {
    cells[cell] = Math.floor((cells[cell]! * 2 ** CELL_BITS) / parts + 0.5);
  }
  return cells;
}

/** Sums of one row of pixels over the width of each cell, in parts of a pixel. */
function sumAcross(row: Readonly<{pixels: Uint8Array; size: number; from: number; line: Int32Array}>): void {
  const {pixels, size, from, line} = row;
  let [pixel, carried] = [from, 0];
  for (let cell = 0; cell < CELLS; cell++) {
    const end = (cell + 1) * size;
    const last = from + Math.floor(end / CELLS);
    let sum = 0;
    for (; pixel < last; pixel++) sum += pixels[pixel]!;
    sum = sum * CELLS + carried;
    const rest = end % CELLS;
    // A pixel that lies in two cells; there is none after the last one.
    const shared = rest > 0 ? pixels[pixel++]! : 0;
    carried = shared * (CELLS - rest);
    line[cell] = sum + shared * rest;
  }
}

/** How far each cell is from their mean, summed over the cells and times their number. */
function contrastOf(cells: Int32Array): number {
  let [total, contrast] = [0, 0];
  for (let cell = 0; cell < cells.length; cell++) total += cells[cell]!;
  for (let cell = 0; cell < cells.length; cell++) contrast += Math.abs(cells[cell]! * cells.length - total);
  return contrast;
}

/** The discrete cosine transform at the frequencies 1 to 8 in both directions. */
function transform(cells: Int32Array): Float64Array {
  const across = new Float64Array(FREQUENCIES * CELLS);
  for (let row = 0; row < CELLS; row++) {
    for (let frequency = 0; frequency < FREQUENCIES; frequency++) {
      let sum = 0;
      for (let cell = 0; cell < CELLS; cell++) {
        sum += cells[row * CELLS + cell]! * COSINES[frequency * CELLS + cell]!;
      }
      across[frequency * CELLS + row] = sum;
    }
  }
  const amplitudes = new Float64Array(FREQUENCIES * FREQUENCIES);
  for (let down = 0; down < FREQUENCIES; down++) {
    for (let frequency = 0; frequency < FREQUENCIES; frequency++) {
      let sum = 0;
      for (let row = 0; row < CELLS; row++) {
        sum += across[frequency * CELLS + row]! * COSINES[down * CELLS + row]!;
      }
      amplitudes[down * FREQUENCIES + frequency] = sum;
    }
  }
  return amplitudes;
}
