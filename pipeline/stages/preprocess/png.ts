import {constants, crc32, inflateSync} from 'node:zlib';
import {err, ok, type Result} from '../../model/result.js';
import {formatBytes, formatCount} from '../../model/words.js';
import {modeOf, type PngHeader, readPngHeader} from '../png-header.js';
import {refuseFrame} from './frame.js';
import {dataBytes} from './png-passes.js';

/** A PNG file taken apart. Reasons why one cannot be are the ends of sentences that begin with its name. */
export type Png = Readonly<{
  header: PngHeader;
  /** Red, green and blue of each colour, one after the other; null when there is no palette. */
  palette: Buffer | null;
  /** The compressed data in one piece. */
  data: Buffer;
}>;

/** Of uncompressed data: two for each pixel of the largest gray image. */
const MAX_PIXEL_BYTES = 64e6;

/** The most that compressed data can grow to. */
const MAX_INFLATION = 1032;

const SIGNATURE_BYTES = 8;
/** Length and type before the data of a chunk, checksum after it. */
const [CHUNK_HEAD_BYTES, CHUNK_TAIL_BYTES] = [8, 4];

/**
 * Takes a PNG file apart and checks its chunks: the checksum of each, also of those that do not matter for the pixels,
 * and the order of the others. Nothing may follow the end: what does was another file, or the copy went wrong.
 */
export function parsePng(bytes: Buffer): Result<Png, string> {
  const header = readPngHeader(bytes);
  if (!header.ok) return header;
  const absurd = refuseSize(header.value);
  if (absurd !== null) return err(absurd);
  const found: Found = {header: header.value, palette: null, data: [], hasDataEnded: false};
  for (let at = SIGNATURE_BYTES; at < bytes.length; ) {
    const chunk = chunkAt(bytes, at);
    if (!chunk.ok) return chunk;
    const {type, end} = chunk.value;
    if (type === 'IEND') return end === bytes.length ? finished(found) : err(beyondEnd(bytes.length - end));
    const misplaced = takeChunk(found, chunk.value, at === SIGNATURE_BYTES);
    if (misplaced !== null) return err(misplaced);
    at = end;
  }
  return err(`is cut off after ${formatCount(bytes.length)} bytes: its end is missing`);
}

/** What the chunks so far have brought. */
type Found = {header: PngHeader; palette: Buffer | null; data: Buffer[]; hasDataEnded: boolean};

/** `end` is where the next chunk begins. */
type Chunk = Readonly<{type: string; content: Buffer; end: number}>;

function chunkAt(bytes: Buffer, at: number): Result<Chunk, string> {
  const cutOff = (where: string): Result<Chunk, string> =>
    err(`is cut off after ${formatCount(bytes.length)} bytes${where}`);
  if (at + CHUNK_HEAD_BYTES > bytes.length) return cutOff(', inside a chunk');
  const type = bytes.toString('latin1', at + 4, at + 8);
  if (!/^[A-Za-z]{4}$/.test(type)) return err(`has bytes that are no chunk at ${formatCount(at)}`);
  const start = at + CHUNK_HEAD_BYTES;
  const end = start + bytes.readUInt32BE(at);
  if (end + CHUNK_TAIL_BYTES > bytes.length) return cutOff(`, inside its ${type} chunk`);
  if (crc32(bytes.subarray(at + 4, end)) !== bytes.readUInt32BE(end)) {
    return err(`has a wrong checksum (CRC) in its ${type} chunk at byte ${formatCount(at)}`);
  }
  return ok({type, content: bytes.subarray(start, end), end: end + CHUNK_TAIL_BYTES});
}

/** @returns Why the file is not as PNG demands, or null. */
function takeChunk(found: Found, {type, content}: Chunk, isFirst: boolean): string | null {
  if (type !== 'IDAT' && found.data.length > 0) found.hasDataEnded = true;
  switch (type) {
    case 'IHDR':
      return isFirst ? null : 'has a second header chunk';
    case 'PLTE':
      return takePalette(found, content);
    case 'IDAT':
      if (found.hasDataEnded) return 'has its pixel data in two places';
      found.data.push(content);
      return null;
    default:
      // Chunks whose name begins with a capital must be understood.
      return type[0]! < 'a' ? `has a chunk that is not known, ${type}, and cannot be read without it` : null;
  }
}

function takePalette(found: Found, content: Buffer): string | null {
  if (found.palette !== null) return 'has a second palette';
  if (found.data.length > 0) return 'has its palette behind its pixel data';
  if (content.length === 0 || content.length % 3 !== 0 || content.length > 3 * 256) {
    return `has a palette of ${formatCount(content.length)} bytes`;
  }
  found.palette = content;
  return null;
}

function finished({header, palette, data}: Found): Result<Png, string> {
  if (data.length === 0) return err('has no pixel data');
  if (header.colour === 'palette' && palette === null) return err('has no palette for its colours');
  return ok({header, palette, data: data.length === 1 ? data[0]! : Buffer.concat(data)});
}

function beyondEnd(bytes: number): string {
  return `has ${formatCount(bytes)} ${bytes === 1 ? 'byte' : 'bytes'} behind its end`;
}

function refuseSize(header: PngHeader): string | null {
  const absurd = refuseFrame(header);
  if (absurd !== null || dataBytes(header) <= MAX_PIXEL_BYTES) return absurd;
  const size = `${formatCount(header.width)}×${formatCount(header.height)} pixels in mode ${modeOf(header)}`;
  return `is ${size}; more than ${formatBytes(MAX_PIXEL_BYTES)} of pixels are not read`;
}

/** Uncompresses exactly as much as the header promises. A file that holds more is not believed, and not unpacked. */
export function inflatePng({header, data}: Png): Result<Buffer, string> {
  const expected = dataBytes(header);
  if (data.length * MAX_INFLATION < expected) {
    return err(`has ${formatBytes(data.length)} of data, too little for ${formatBytes(expected)} of pixels`);
  }
  try {
    // One byte more than expected, so that the result comes in one piece.
    const pixels = inflateSync(data, {
      chunkSize: Math.max(expected + 1, constants.Z_MIN_CHUNK),
      maxOutputLength: expected,
    });
    if (pixels.length === expected) return ok(pixels);
    return err(`has ${formatCount(pixels.length)} of ${formatCount(expected)} bytes of pixels`);
  } catch (error) {
    const {code, message} = error as NodeJS.ErrnoException;
    if (code === 'ERR_BUFFER_TOO_LARGE') return err('has more pixels than its header says');
    if (code === 'Z_BUF_ERROR') return err('has pixel data that are cut off');
    return err(`has damaged pixel data (${message})`);
  }
}
