import {err, ok, type Result} from '../../model/result.js';
import {modeOf} from '../png-header.js';
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
export function decodeImage(bytes: Buffer, kernel: Kernel): Result<Decoded, string> {
  const png = parsePng(bytes);
  if (!png.ok) return png;
  const {header} = png.value;
  const filtered = inflatePng(png.value);
  if (!filtered.ok) return filtered;
  const mode = modeOf(header);
  const frame = {width: header.width, height: header.height};
  if (mode === 'L' && !header.interlaced) {
    const pixels = kernel.fromFilteredRows(frame, filtered.value);
    if (!pixels.ok) return err(`has a row filter that PNG does not know, in row ${pixels.error}`);
    return ok({pixels: pixels.value, frame, mode});
  }
  const pixels = decodeOddPng(png.value);
  return pixels.ok ? ok({pixels: kernel.fromPixels(frame, pixels.value), frame, mode}) : pixels;
}
