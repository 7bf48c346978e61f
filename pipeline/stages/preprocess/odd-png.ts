import {err, ok, type Result} from '../../model/result.js';
import {PNG_SIGNATURE, type PngHeader} from '../png-header.js';
import type {Png} from './png.js';

/**
 * Gray values of the PNG files that the fast way leaves out: other than 8 bits, palettes, interlaced. Colours are never
 * mixed or managed: of colour and of palettes the first channel is taken as it is stored, transparency is ignored. 16
 * bits become 8 by rounding v * 255 / 65535; fewer than 8 are spread over 0 to 255.
 * @returns `width * height` values, or the end of a sentence that begins with the file's name.
 */
export async function decodeOddPng(png: Png): Promise<Result<Uint8Array, string>> {
  const {header} = png;
  if (header.interlaced && header.depth < 8) {
    return err(`is interlaced with ${header.depth} bits per sample, which is not supported`);
  }
  // Loading it takes as long as starting the thread, and most data sets never need it.
  const {decode} = await import('fast-png');
  try {
    // Only the chunks that make pixels: a broken colour profile or comment is no reason to lose an image.
    const decoded = decode(Buffer.concat([PNG_SIGNATURE, ...png.critical]));
    if (header.colour === 'palette') return fromPalette(header, decoded.data, decoded.palette ?? []);
    return ok(firstChannel(header, decoded.data, decoded.channels));
  } catch (error) {
    return err(`cannot be decoded (${(error as Error).message})`);
  }
}

function firstChannel(header: PngHeader, data: ArrayLike<number>, channels: number): Uint8Array {
  const pixels = new Uint8Array(header.width * header.height);
  switch (header.depth) {
    case 8:
      for (let pixel = 0; pixel < pixels.length; pixel++) pixels[pixel] = data[pixel * channels]!;
      return pixels;
    case 16:
      for (let pixel = 0; pixel < pixels.length; pixel++) {
        pixels[pixel] = Math.round((data[pixel * channels]! * 255) / 65535);
      }
      return pixels;
    default: {
      const highest = 2 ** header.depth - 1;
      return unpack(header, data, (value) => (value * 255) / highest);
    }
  }
}

function fromPalette(
  header: PngHeader,
  data: ArrayLike<number>,
  palette: readonly (readonly number[])[],
): Result<Uint8Array, string> {
  let highest = 0;
  const pixels = unpack(header, data, (index) => {
    highest = Math.max(highest, index);
    return palette[index]?.[0] ?? 0;
  });
  if (highest < palette.length) return ok(pixels);
  return err(`uses colour ${highest} of a palette with ${palette.length}`);
}

/** Samples of less than a byte are packed from the high bits down, and every row begins with a new byte. */
function unpack(header: PngHeader, data: ArrayLike<number>, toGray: (sample: number) => number): Uint8Array {
  const {width, height, depth} = header;
  const pixels = new Uint8Array(width * height);
  const [perByte, mask] = [8 / depth, 2 ** depth - 1];
  const pitch = Math.ceil(width / perByte);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const byte = data[row * pitch + Math.floor(column / perByte)]!;
      const shift = 8 - depth * ((column % perByte) + 1);
      pixels[row * width + column] = toGray((byte >> shift) & mask);
    }
  }
  return pixels;
}
