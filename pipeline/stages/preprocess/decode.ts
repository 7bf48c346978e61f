import {err, ok, type Result} from '../../model/result.js';
import {modeOf, type PngHeader, samplesPerPixel} from '../png-header.js';
import type {Frame, Kernel} from './kernel.js';
import {decodeOddPng} from './odd-png.js';
import {inflatePng, parsePng} from './png.js';

/** `pixels` are a view that the next image overwrites; `frame` and `mode` are of the source. */
export type Decoded = Readonly<{pixels: Uint8Array; frame: Frame; mode: string}>;

/**
 * From the bytes of a PNG file to the kernel's square of gray values. What is not square is stretched, as the published
 * images were by their publisher.
 * @returns Or why not, as the end of a sentence that begins with the file's name.
 */
export async function decodeImage(bytes: Buffer, kernel: Kernel): Promise<Result<Decoded, string>> {
  const png = parsePng(bytes);
  if (!png.ok) return png;
  const {header} = png.value;
  const filtered = inflatePng(png.value);
  if (!filtered.ok) return filtered;
  const mode = modeOf(header);
  const frame = {width: header.width, height: header.height};
  if (header.depth === 8 && header.colour !== 'palette' && !header.interlaced) {
    const pixels = kernel.fromFilteredRows(frame, firstChannelRows(header, filtered.value));
    if (!pixels.ok) return err(`has a row filter that PNG does not know, in row ${pixels.error}`);
    return ok({pixels: pixels.value, frame, mode});
  }
  const pixels = await decodeOddPng(png.value);
  return pixels.ok ? ok({pixels: kernel.fromPixels(frame, pixels.value), frame, mode}) : pixels;
}

/**
 * Rows of the first channel alone, still filtered: PNG's filters predict each byte from the same channel's bytes, so a
 * channel can be taken out before they are undone. Of colour the first channel is taken as it is stored; in radiographs
 * all are equal, and a colour-managed decoder would change the values.
 */
function firstChannelRows(header: PngHeader, filtered: Uint8Array): Uint8Array {
  const samples = samplesPerPixel(header);
  if (samples === 1) return filtered;
  const rows = new Uint8Array(header.height * (header.width + 1));
  let [from, to] = [0, 0];
  for (let row = 0; row < header.height; row++) {
    rows[to++] = filtered[from++]!;
    for (let column = 0; column < header.width; column++, from += samples) rows[to++] = filtered[from]!;
  }
  return rows;
}
