import {err, ok, type Result} from '../../model/result.js';
import {type PngHeader, samplesPerPixel} from '../png-header.js';
import type {Kernel} from './kernel.js';
import type {Png} from './png.js';
import {filteredPlane, type Pass, passesOf, unknownFilter} from './png-passes.js';

/**
 * Gray values of the PNG files that the fast way leaves out: other than 8 bits, palettes, interlaced. Colours are never
 * mixed or managed: of colour and of palettes the first channel is taken as it is stored, transparency is ignored. 16
 * bits become 8 by rounding v * 255 / 65535; fewer than 8 are spread over 0 to 255.
 * @param filtered - The uncompressed data.
 * @returns `width * height` values, or the end of a sentence that begins with the file's name.
 */
export function grayOf(png: Png, filtered: Uint8Array, kernel: Kernel): Result<Uint8Array, string> {
  const {header} = png;
  const passes = passesOf(header);
  const gray = new Uint8Array(header.width * header.height);
  for (const pass of passes) {
    const found = grayOfPass({png, pass, filtered, kernel});
    if (!found.ok) return found;
    if (passes.length === 1) return found;
    spread(found.value, {pass, gray, width: header.width});
  }
  return ok(gray);
}

type Part = Readonly<{png: Png; pass: Pass; filtered: Uint8Array; kernel: Kernel}>;

/** `columns * rows` values. */
function grayOfPass(part: Part): Result<Uint8Array, string> {
  const {header} = part.png;
  const samples = samplesPerPixel(header);
  if (header.depth === 16) return grayOfWide(part, 2 * samples);
  const bytes = unfiltered(part, {step: samples, first: 0});
  if (!bytes.ok || (header.depth === 8 && header.colour !== 'palette')) return bytes;
  return lookedUp(header.depth === 8 ? bytes.value : unpacked(bytes.value, header, part.pass), part.png);
}

/** High and low bytes are filtered apart from each other. */
function grayOfWide(part: Part, step: number): Result<Uint8Array, string> {
  const high = unfiltered(part, {step, first: 0});
  if (!high.ok) return high;
  const low = unfiltered(part, {step, first: 1});
  if (!low.ok) return low;
  const gray = high.value;
  for (let pixel = 0; pixel < gray.length; pixel++) {
    gray[pixel] = Math.round((gray[pixel]! * 256 + low.value[pixel]!) / 257);
  }
  return ok(gray);
}

function unfiltered(
  {png, pass, filtered, kernel}: Part,
  {step, first}: Readonly<{step: number; first: number}>,
): Result<Uint8Array, string> {
  const plane = filteredPlane(filtered, {pass, step, first});
  const found = kernel.unfilter({width: pass.rowBytes / step, height: pass.rows}, plane);
  return found.ok ? found : err(unknownFilter(png.header.interlaced ? null : found.error));
}

/** Samples of less than a byte are packed from the high bits down, and every row begins with a new byte. */
function unpacked(bytes: Uint8Array, {depth}: PngHeader, {columns, rows, rowBytes}: Pass): Uint8Array {
  const samples = new Uint8Array(columns * rows);
  const [perByte, mask] = [8 / depth, 2 ** depth - 1];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const byte = bytes[row * rowBytes + Math.floor(column / perByte)]!;
      samples[row * columns + column] = (byte >> (8 - depth * ((column % perByte) + 1))) & mask;
    }
  }
  return samples;
}

/** From palette places or packed samples to gray values. */
function lookedUp(samples: Uint8Array, {header, palette}: Png): Result<Uint8Array, string> {
  const highest = 2 ** header.depth - 1;
  const table =
    header.colour === 'palette'
      ? Uint8Array.from({length: palette!.length / 3}, (_, colour) => palette![3 * colour]!)
      : Uint8Array.from({length: highest + 1}, (_, sample) => (sample * 255) / highest);
  let most = 0;
  for (let place = 0; place < samples.length; place++) {
    const sample = samples[place]!;
    most = Math.max(most, sample);
    samples[place] = table[sample] ?? 0;
  }
  return most < table.length ? ok(samples) : err(`uses colour ${most} of a palette with ${table.length}`);
}

function spread(
  values: Uint8Array,
  {pass, gray, width}: Readonly<{pass: Pass; gray: Uint8Array; width: number}>,
): void {
  const {left, top, stepX, stepY, columns, rows} = pass;
  for (let row = 0; row < rows; row++) {
    const line = (top + row * stepY) * width + left;
    for (let column = 0; column < columns; column++) {
      gray[line + column * stepX] = values[row * columns + column]!;
    }
  }
}
