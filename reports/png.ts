import {crc32, deflateSync} from 'node:zlib';

/** RGBA, 8 bits each, not premultiplied; rows from the top, without padding. */
export type Pixels = Readonly<{width: number; height: number; rgba: Uint8Array}>;

/**
 * A PNG file with a palette: a third of the size of a true-colour one for line drawings, and the same bytes for the
 * same pixels. Where a picture has more than 256 colours, the rarest (edges of glyphs) take the nearest of the others.
 */
export function encodePng(pixels: Pixels): Buffer {
  const {palette, indices} = indexed(pixels);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(pixels.width, 0);
  header.writeUInt32BE(pixels.height, 4);
  header.set([8, 3, 0, 0, 0], 8);
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('PLTE', Buffer.from(palette.flatMap((color) => channels(color).slice(0, 3)))),
    chunk('tRNS', Buffer.from(palette.map((color) => channels(color)[3]))),
    chunk('IDAT', deflateSync(indices, {level: 6})),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** One byte a pixel; rows from the top, without padding. */
export type GrayPixels = Readonly<{width: number; height: number; gray: Uint8Array}>;

/** A PNG file of 8-bit gray, each row filtered in the way that seems to pack best. */
export function encodeGrayPng({width, height, gray}: GrayPixels): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 0, 0, 0, 0], 8);
  const rows = Buffer.alloc(height * (width + 1));
  const none = new Uint8Array(width);
  for (let row = 0; row < height; row++) {
    const [here, above] = [
      gray.subarray(row * width, (row + 1) * width),
      row === 0 ? none : gray.subarray((row - 1) * width, row * width),
    ];
    rows.set(bestFiltered(here, above), row * (width + 1));
  }
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows, {level: 9})),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

const PREDICTORS: readonly ((left: number, above: number, corner: number) => number)[] = [
  () => 0,
  (left) => left,
  (_, above) => above,
  (left, above) => (left + above) >> 1,
  paeth,
];

/** The filter's number and the row: the least sum of absolute differences, as libpng chooses. */
function bestFiltered(here: Uint8Array, above: Uint8Array): Uint8Array {
  let [best, least] = [new Uint8Array(0), Number.POSITIVE_INFINITY];
  for (const [filter, predict] of PREDICTORS.entries()) {
    const row = new Uint8Array(here.length + 1);
    row[0] = filter;
    let sum = 0;
    for (let x = 0; x < here.length; x++) {
      const difference = (here[x]! - predict(here[x - 1] ?? 0, above[x]!, above[x - 1] ?? 0)) & 0xff;
      row[x + 1] = difference;
      sum += difference < 128 ? difference : 256 - difference;
    }
    if (sum < least) [best, least] = [row, sum];
  }
  return best;
}

function paeth(left: number, above: number, corner: number): number {
  const estimate = left + above - corner;
  const [a, b, c] = [Math.abs(estimate - left), Math.abs(estimate - above), Math.abs(estimate - corner)];
  if (a <= b && a <= c) return left;
  return b <= c ? above : corner;
}

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** Palette, commonest colour first, and one index per pixel; each row begins with a 0, its filter. */
function indexed({width, height, rgba}: Pixels): {palette: readonly number[]; indices: Uint8Array} {
  const runs = runsOf(rgba);
  const counts = new Map<number, number>();
  for (const {color, length} of runs) counts.set(color, (counts.get(color) ?? 0) + length);
  const ranked = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([color]) => color);
  const palette = ranked.slice(0, 256);
  const places = new Map(palette.map((color, place) => [color, place]));
  for (const color of ranked.slice(256)) places.set(color, nearest(color, palette));
  const pixels = new Uint8Array(height * width);
  let start = 0;
  for (const {color, length} of runs) {
    pixels.fill(places.get(color)!, start, start + length);
    start += length;
  }
  const indices = new Uint8Array(height * (width + 1));
  for (let row = 0; row < height; row++)
    indices.set(pixels.subarray(row * width, (row + 1) * width), row * (width + 1) + 1);
  return {palette, indices};
}

/** Neighbours are mostly equal: what follows counts and looks up a run once, not every pixel. */
function runsOf(rgba: Uint8Array): readonly {color: number; length: number}[] {
  const colors = new DataView(rgba.buffer, rgba.byteOffset, rgba.byteLength);
  const runs: {color: number; length: number}[] = [];
  let last = {color: -1, length: 0};
  for (let at = 0; at < rgba.length; at += 4) {
    const color = visible(colors.getUint32(at));
    if (color === last.color) {
      last.length++;
      continue;
    }
    last = {color, length: 1};
    runs.push(last);
  }
  return runs;
}

/** All colours without opacity are one. */
function visible(color: number): number {
  return (color & 0xff) === 0 ? 0 : color;
}

function nearest(color: number, palette: readonly number[]): number {
  const [red, green, blue, alpha] = channels(color);
  let [best, least] = [0, Number.POSITIVE_INFINITY];
  for (const [place, other] of palette.entries()) {
    const [r, g, b, a] = channels(other);
    const share = Math.min(alpha, a) / 255;
    const distance = (alpha - a) ** 2 + share * ((red - r) ** 2 + (green - g) ** 2 + (blue - b) ** 2);
    if (distance < least) [best, least] = [place, distance];
  }
  return best;
}

function channels(color: number): readonly [number, number, number, number] {
  return [color >>> 24, (color >>> 16) & 0xff, (color >>> 8) & 0xff, color & 0xff];
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
}
