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
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('PLTE', Buffer.from(palette.flatMap((color) => channels(color).slice(0, 3)))),
    chunk('tRNS', Buffer.from(palette.map((color) => channels(color)[3]))),
    chunk('IDAT', deflateSync(indices, {level: 6})),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

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
