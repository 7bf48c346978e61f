import {crc32, deflateSync} from 'node:zlib';

/** Makes PNG files of every kind, the plain way: an encoder to test decoders with. */
export type PngRecipe = Readonly<{
  width: number;
  height: number;
  /** PNG's colour types: 0 gray, 2 RGB, 3 palette, 4 gray and alpha, 6 RGBA. */
  colourType: 0 | 2 | 3 | 4 | 6;
  depth: 1 | 2 | 4 | 8 | 16;
  interlaced?: boolean;
  palette?: readonly (readonly [number, number, number])[];
  /** Extra chunks before the data. */
  ancillary?: readonly Buffer[];
  /** Samples of one pixel, as many as the colour type has channels. */
  pixel(x: number, y: number): readonly number[];
  /** Filter type of a row, 0 unless given. */
  filter?(y: number): number;
}>;

export const SIGNATURE = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);

export function makePng(recipe: PngRecipe): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(recipe.width, 0);
  header.writeUInt32BE(recipe.height, 4);
  header.set([recipe.depth, recipe.colourType, 0, 0, recipe.interlaced ? 1 : 0], 8);
  const palette = recipe.palette === undefined ? [] : [chunk('PLTE', Buffer.from(recipe.palette.flat()))];
  const data = deflateSync(Buffer.concat(filteredPasses(recipe)));
  // In two pieces: encoders cut the data where they like.
  const cut = data.length >> 1;
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    ...(recipe.ancillary ?? []),
    ...palette,
    chunk('IDAT', data.subarray(0, cut)),
    chunk('IDAT', data.subarray(cut)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

export function chunk(type: string, content: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(content.length);
  checksum.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, checksum]);
}

const ADAM7 = [
  {x: 0, y: 0, stepX: 8, stepY: 8},
  {x: 4, y: 0, stepX: 8, stepY: 8},
  {x: 0, y: 4, stepX: 4, stepY: 8},
  {x: 2, y: 0, stepX: 4, stepY: 4},
  {x: 0, y: 2, stepX: 2, stepY: 4},
  {x: 1, y: 0, stepX: 2, stepY: 2},
  {x: 0, y: 1, stepX: 1, stepY: 2},
];

function filteredPasses(recipe: PngRecipe): readonly Buffer[] {
  const passes = recipe.interlaced ? ADAM7 : [{x: 0, y: 0, stepX: 1, stepY: 1}];
  return passes.flatMap(({x, y, stepX, stepY}) => {
    const columns = Array.from({length: Math.ceil((recipe.width - x) / stepX)}, (_, i) => x + i * stepX);
    if (columns.length === 0) return [];
    const rows: Buffer[] = [];
    let above: Buffer | null = null;
    for (let row = y; row < recipe.height; row += stepY) {
      const line = packRow(
        recipe,
        columns.flatMap((column) => recipe.pixel(column, row)),
      );
      rows.push(filterRow({type: recipe.filter?.(row) ?? 0, line, above, recipe}));
      above = line;
    }
    return rows;
  });
}

function packRow({depth}: PngRecipe, samples: readonly number[]): Buffer {
  if (depth === 16) return Buffer.from(samples.flatMap((sample) => [sample >> 8, sample & 255]));
  const perByte = 8 / depth;
  const line = Buffer.alloc(Math.ceil(samples.length / perByte));
  for (const [index, sample] of samples.entries()) {
    line[Math.floor(index / perByte)]! |= sample << (8 - depth * ((index % perByte) + 1));
  }
  return line;
}

function filterRow(
  row: Readonly<{type: number; line: Buffer; above: Buffer | null; recipe: PngRecipe}>,
): Buffer {
  const {type, line, above, recipe} = row;
  const channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[recipe.colourType];
  const step = Math.max(1, (channels * recipe.depth) / 8);
  const filtered = line.map((value, place) => {
    const [a, b] = [line[place - step] ?? 0, above?.[place] ?? 0];
    const c = place < step ? 0 : (above?.[place - step] ?? 0);
    return value - [0, a, b, (a + b) >> 1, paeth(a, b, c)][type]!;
  });
  return Buffer.concat([Buffer.from([type]), filtered]);
}

function paeth(a: number, b: number, c: number): number {
  const [pa, pb, pc] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)];
  if (pa <= pb && pa <= pc) return a;
  return pb <= pc ? b : c;
}

/** A smooth gray picture with some noise, different for each seed. */
export function grayPicture(seed: number): (x: number, y: number) => number {
  return (x, y) => {
    const noise = Math.imul(x * 73 + y * 151 + seed * 911, 2654435761) >>> 28;
    return (((x * (3 + (seed % 5))) >> 1) + y * 2 + seed * 29 + noise) & 255;
  };
}

/** An 8-bit gray PNG whose rows use all filters in turn. */
export function grayPng(width: number, height: number, seed: number): Buffer {
  const gray = grayPicture(seed);
  return makePng({
    width,
    height,
    colourType: 0,
    depth: 8,
    pixel: (x, y) => [gray(x, y)],
    filter: (y) => (y * 7 + seed) % 5,
  });
}
