import {err, ok, type Result} from '../model/result.js';

export const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** Bytes from the start of the file to the end of the header chunk's data. */
export const PNG_HEADER_BYTES = 8 + 8 + 13;

/** What the first chunk of a PNG file says about the image. */
export type PngHeader = Readonly<{
  width: number;
  height: number;
  /** Bits per sample. */
  depth: number;
  colour: PngColour;
  interlaced: boolean;
}>;

/** PNG's colour types by their number. */
export type PngColour = 'gray' | 'rgb' | 'palette' | 'gray-alpha' | 'rgba';

const COLOURS: Readonly<Record<number, {colour: PngColour; depths: readonly number[]}>> = {
  0: {colour: 'gray', depths: [1, 2, 4, 8, 16]},
  2: {colour: 'rgb', depths: [8, 16]},
  3: {colour: 'palette', depths: [1, 2, 4, 8]},
  4: {colour: 'gray-alpha', depths: [8, 16]},
  6: {colour: 'rgba', depths: [8, 16]},
};

/**
 * Reads signature and header from the first bytes of a file.
 * @returns Or why this is no PNG file, as the end of a sentence that begins with its name.
 */
export function readPngHeader(bytes: Uint8Array): Result<PngHeader, string> {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, PNG_HEADER_BYTES));
  if (start.length === 0) return err('is empty (zero bytes)');
  if (!PNG_SIGNATURE.equals(start.subarray(0, 8))) return err(`is not a PNG file${resembles(start)}`);
  if (start.length < PNG_HEADER_BYTES)
    return err(`is cut off after ${start.length} bytes, inside its header`);
  if (start.readUInt32BE(8) !== 13 || start.toString('latin1', 12, 16) !== 'IHDR') {
    return err('does not begin with a header chunk');
  }
  const [width, height, depth] = [start.readUInt32BE(16), start.readUInt32BE(20), start[24]!];
  const kind = COLOURS[start[25]!];
  if (width === 0 || height === 0) return err(`has a header that says ${width}×${height} pixels`);
  if (
    kind === undefined ||
    !kind.depths.includes(depth) ||
    start[26] !== 0 ||
    start[27] !== 0 ||
    start[28]! > 1
  ) {
    return err('has a header that PNG does not allow');
  }
  return ok({width, height, depth, colour: kind.colour, interlaced: start[28] === 1});
}

export function samplesPerPixel({colour}: PngHeader): number {
  return {gray: 1, rgb: 3, palette: 1, 'gray-alpha': 2, rgba: 4}[colour];
}

/** A short name as imaging libraries use: L is 8-bit gray; other depths follow the letters, as in L16. */
export function modeOf({colour, depth}: PngHeader): string {
  const letters = {gray: 'L', rgb: 'RGB', palette: 'P', 'gray-alpha': 'LA', rgba: 'RGBA'}[colour];
  return depth === 8 || colour === 'palette' ? letters : `${letters}${depth}`;
}

/** The formats that radiographs are most often mistaken in. */
function resembles(start: Buffer): string {
  if (start[0] === 0xff && start[1] === 0xd8) return ' but a JPEG';
  if (/^\s*<(!doctype|html|\?xml)/i.test(start.toString('latin1')))
    return ' but a web page: was the download refused?';
  if (/^[\t\n\r\x20-\x7e]+$/.test(start.toString('latin1'))) return ' but text';
  if (start.every((byte) => byte === 0)) return ' but zeros: was the download or the disk full?';
  return '';
}
