import {open} from 'node:fs/promises';
import {pipeline, type Readable} from 'node:stream';
import {createGunzip} from 'node:zlib';
import {ArchiveError, FETCH_AGAIN} from './archive-error.js';
import {type ArchiveMember, createMemberReader, type MemberRules} from './member-reader.js';

/** Of the archive and of the unpacked stream. */
const PIECE_BYTES = 1 << 18;

export type ReadArchiveOptions = MemberRules & Readonly<{signal: AbortSignal}>;

/**
 * The wanted members of a tar archive, gzipped or not, in its order. Nothing is written, and at most the members of
 * one piece of the stream are in memory. Links, devices, names that leave the folder, names that come twice and members
 * that are too large are refused and told to `onFault`.
 * @param file - Absolute path.
 * @throws ArchiveError at the place where the archive is damaged, after all members before it; system errors; the
 * signal's reason.
 */
export async function* readArchive(
  file: string,
  options: ReadArchiveOptions,
): AsyncGenerator<ArchiveMember, void, void> {
  options.signal.throwIfAborted();
  const pieces = await openPieces(file);
  const members = createMemberReader(file, options);
  try {
    for await (const piece of pieces) {
      options.signal.throwIfAborted();
      members.write(piece as Buffer);
      yield* members.take();
    }
    members.end();
  } catch (error) {
    throw gunzipError(error, file, members.last()) ?? error;
  } finally {
    pieces.destroy();
  }
}

/** Formats that an archive may be in instead, by their first bytes. */
const OTHERS: readonly (readonly [string, string])[] = [
  ['504b0304', 'a zip file'],
  ['fd377a58', 'compressed with xz'],
  ['425a68', 'compressed with bzip2'],
  ['28b52ffd', 'compressed with zstd'],
  ['89504e47', 'a PNG file'],
];

/** The unpacked stream. */
async function openPieces(file: string): Promise<Readable> {
  const handle = await open(file);
  try {
    const start = Buffer.alloc(16);
    const {bytesRead} = await handle.read(start, 0, start.length, 0);
    if (bytesRead === 0) throw new ArchiveError(file, {reason: 'is empty (zero bytes)', hint: FETCH_AGAIN});
    if (/^\s*<(!doctype|html|\?xml)/i.test(start.toString('latin1'))) {
      const hint = 'the download was refused, or needs a login: fetch it again';
      throw new ArchiveError(file, {reason: 'is no tar archive but a web page', hint});
    }
    const other = OTHERS.find(([magic]) => start.toString('hex').startsWith(magic));
    if (other !== undefined) {
      const hint = 'archives are read as tar files, gzipped or not: unpack it, or pack it anew';
      throw new ArchiveError(file, {reason: `is no tar archive but ${other[1]}`, hint});
    }
    const source = handle.createReadStream({start: 0, highWaterMark: PIECE_BYTES});
    if (start[0] !== 0x1f || start[1] !== 0x8b) return source;
    // The callback only has to be there: the error is thrown where the pieces are read.
    return pipeline(source, createGunzip({chunkSize: PIECE_BYTES}), () => undefined);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function gunzipError(error: unknown, file: string, last: string | null): ArchiveError | null {
  const {code, message} = error as NodeJS.ErrnoException;
  if (code === undefined || !/^Z_[A-Z]+_ERROR$/.test(code)) return null;
  const place = last === null ? '' : `, behind ${last}`;
  if (code === 'Z_BUF_ERROR') {
    return new ArchiveError(file, {
      reason: `is cut off: its gzip data end too early${place}`,
      hint: FETCH_AGAIN,
    });
  }
  const what = message === 'incorrect data check' ? 'fails its gzip checksum' : 'has damaged gzip data';
  return new ArchiveError(file, {reason: `${what}${place}`, hint: FETCH_AGAIN});
}
