import {constants, crc32, inflateSync} from 'node:zlib';
import {err, ok, type Result} from '../../model/result.js';
import {formatBytes, formatCount} from '../../model/words.js';
import {modeOf, type PngHeader, readPngHeader, samplesPerPixel} from '../png-header.js';

/** A PNG file taken apart. Reasons why one cannot be are the ends of sentences that begin with its name. */
export type Png = Readonly<{
  header: PngHeader;
  /** The chunks that decide about pixels, whole, in their order: header, palette, data, end. */
  critical: readonly Buffer[];
  /** The compressed data in one piece. */
  data: Buffer;
}>;

const MAX_SIDE = 16_384;

/** Of uncompressed pixels: four times the largest detector there is, and a bound for what one image can cost. */
const MAX_PIXEL_BYTES = 128 * 2 ** 20;

const SIGNATURE_BYTES = 8;
/** Length and type before the data of a chunk, checksum after it. */
const [CHUNK_HEAD_BYTES, CHUNK_TAIL_BYTES] = [8, 4];

/** Takes a PNG file apart and checks each chunk's checksum, also of those that do not matter for the pixels. */
export function parsePng(bytes: Buffer): Result<Png, string> {
  const header = readPngHeader(bytes);
  if (!header.ok) return header;
  const absurd = refuseSize(header.value);
  if (absurd !== null) return err(absurd);
  const critical: Buffer[] = [];
  const data: Buffer[] = [];
  let at = SIGNATURE_BYTES;
  while (at < bytes.length) {
    const chunk = chunkAt(bytes, at);
    if (!chunk.ok) return chunk;
    const {type, content, whole} = chunk.value;
    // Critical chunks are those whose name begins with a capital.
    if (type[0]! < 'a') critical.push(whole);
    if (type === 'IDAT') data.push(content);
    if (type === 'IEND') {
      if (data.length === 0) return err('has no pixel data');
      return ok({header: header.value, critical, data: data.length === 1 ? data[0]! : Buffer.concat(data)});
    }
    at += whole.length;
  }
  return err(`is cut off after ${formatCount(bytes.length)} bytes: its end is missing`);
}

type Chunk = Readonly<{type: string; content: Buffer; whole: Buffer}>;

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
  const whole = bytes.subarray(at, end + CHUNK_TAIL_BYTES);
  return ok({type, content: bytes.subarray(start, end), whole});
}

function refuseSize(header: PngHeader): string | null {
  const size = `${formatCount(header.width)}×${formatCount(header.height)} pixels`;
  if (Math.max(header.width, header.height) > MAX_SIDE) {
    return `is ${size}; more than ${formatCount(MAX_SIDE)} on a side are not read`;
  }
  if (filteredBytes(header) <= MAX_PIXEL_BYTES) return null;
  const limit = formatBytes(MAX_PIXEL_BYTES);
  return `is ${size} in mode ${modeOf(header)}; more than ${limit} of pixels are not read`;
}

/** Bytes of the uncompressed data: each row, in each pass of an interlaced image, has a filter byte before it. */
export function filteredBytes(header: PngHeader): number {
  const samples = samplesPerPixel(header);
  const bytesOf = (width: number, height: number): number =>
    width === 0 ? 0 : height * (1 + Math.ceil((width * samples * header.depth) / 8));
  if (!header.interlaced) return bytesOf(header.width, header.height);
  return ADAM7.reduce((sum, [x, y, stepX, stepY]) => {
    const columns = Math.ceil((header.width - x) / stepX);
    const rows = Math.ceil((header.height - y) / stepY);
    return sum + bytesOf(Math.max(0, columns), Math.max(0, rows));
  }, 0);
}

/** The passes of an interlaced image: first column, first row, steps. */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/** Uncompresses exactly as much as the header promises. A file that holds more is not believed, and not unpacked. */
export function inflatePng({header, data}: Png): Result<Buffer, string> {
  const expected = filteredBytes(header);
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
