import {err, ok, type Result} from '../../model/result.js';
import {modeOf, samplesPerPixel} from '../png-header.js';
import type {Frame} from './frame.js';
import type {Kernel} from './kernel.js';
import {grayOf} from './odd-png.js';
import {inflatePng, type Png, parsePng} from './png.js';
import {filteredPlane, passesOf, unknownFilter} from './png-passes.js';

/** The note of an image that was sent in passes. */
export const INTERLACED = 'interlaced';

/** `pixels` are a view that the next image overwrites; the rest is about the source. `notes` is empty for most. */
export type Decoded = Readonly<{pixels: Uint8Array; frame: Frame; mode: string; notes: string}>;

/**
 * From the bytes of a PNG file to the kernel's square of gray values. What is not square is stretched, as the published
 * images were by their publisher.
 * @returns Or why not, as the end of a sentence that begins with the file's name.
 */
export function decodePng(bytes: Buffer, kernel: Kernel): Result<Decoded, string> {
  const png = parsePng(bytes);
  if (!png.ok) return png;
  const filtered = inflatePng(png.value);
  if (!filtered.ok) return filtered;
  const {header} = png.value;
  const isPlain = header.depth === 8 && header.colour !== 'palette' && !header.interlaced;
  const pixels = (isPlain ? resizePlain : resizeOdd)(png.value, filtered.value, kernel);
  if (!pixels.ok) return pixels;
  const {width, height, interlaced} = header;
  const notes = interlaced ? INTERLACED : '';
  return ok({pixels: pixels.value, frame: {width, height}, mode: modeOf(header), notes});
}

/**
 * Of colour the first channel is taken as it is stored: in radiographs all are equal, and a colour-managed decoder would
 * change the values.
 */
function resizePlain({header}: Png, filtered: Buffer, kernel: Kernel): Result<Uint8Array, string> {
  const [pass] = passesOf(header);
  const plane = filteredPlane(filtered, {pass: pass!, step: samplesPerPixel(header), first: 0});
  const pixels = kernel.fromFilteredRows(header, plane);
  return pixels.ok ? pixels : err(unknownFilter(pixels.error));
}

function resizeOdd(png: Png, filtered: Buffer, kernel: Kernel): Result<Uint8Array, string> {
  const gray = grayOf(png, filtered, kernel);
  return gray.ok ? ok(kernel.fromPixels(png.header, gray.value)) : gray;
}
