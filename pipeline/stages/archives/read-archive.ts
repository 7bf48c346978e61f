import {open} from 'node:fs/promises';
import {pipeline, type Readable} from 'node:stream';
import {createGunzip} from 'node:zlib';
import {Parser, type ReadEntry} from 'tar';
import {formatBytes} from '../../model/words.js';
import {spelledOut, whyNoMemberName} from '../file-name.js';

/** Larger members are refused: no radiograph is near this size, and a member is held in memory whole. */
export const MAX_MEMBER_BYTES = 256 * 2 ** 20;

/** No published archive has more than 10,000; their names are kept to find the same one twice. */
const MAX_MEMBERS = 1_000_000;

/** Of the archive and of the unpacked stream. */
const PIECE_BYTES = 1 << 18;

/** `name` is the member's name in the archive without `./` before it. */
export type ArchiveMember = Readonly<{name: string; bytes: Buffer}>;

/** A member that is refused. `member` is its name with nothing invisible in it; `reason` ends a sentence that begins with it. */
export type MemberFault = Readonly<{member: string; reason: string}>;

export type ReadArchiveOptions = Readonly<{
  signal: AbortSignal;
  /** Asked once for every regular file with a harmless name, in order; what is not wanted is skipped, not held in memory. */
  wants(name: string, bytes: number): boolean;
  onFault?(fault: MemberFault): void;
}>;

/** An archive that cannot be read to its end. `message` is a whole sentence with the archive's path, `hint` what to do. */
export class ArchiveError extends Error {
  readonly archive: string;
  readonly hint: string;

  constructor(archive: string, {reason, hint}: Readonly<{reason: string; hint: string}>) {
    super(`${archive} ${reason}`);
    this.name = 'ArchiveError';
    this.archive = archive;
    this.hint = hint;
  }
}

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

const AGAIN = 'fetch or copy it again';

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
    if (bytesRead === 0) throw new ArchiveError(file, {reason: 'is empty (zero bytes)', hint: AGAIN});
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
    return new ArchiveError(file, {reason: `is cut off: its gzip data end too early${place}`, hint: AGAIN});
  }
  const what = message === 'incorrect data check' ? 'fails its gzip checksum' : 'has damaged gzip data';
  return new ArchiveError(file, {reason: `${what}${place}`, hint: AGAIN});
}

type MemberReader = Readonly<{
  /** @throws ArchiveError */
  write(piece: Buffer): void;
  /** The members that have ended since, each once. */
  take(): readonly ArchiveMember[];
  end(): void;
  /** The last member that was begun, for messages. */
  last(): string | null;
}>;

function createMemberReader(file: string, options: ReadArchiveOptions): MemberReader {
  const ended: ArchiveMember[] = [];
  const gate = createGate(file, options);
  let damage: ArchiveError | null = null;
  let [isFirst, markedEnd, past] = [true, false, false];
  const fail = (reason: string): void => {
    damage ??= new ArchiveError(file, {reason, hint: AGAIN});
  };
  const parser = new Parser({
    zstd: false,
    filter: (_, entry) => gate.accepts(entry as ReadEntry),
    onReadEntry: (entry) => collect(entry, (bytes) => ended.push({name: memberName(entry.path), bytes})),
    onwarn: (code, message) => fail(whatIsDamaged({code, message: String(message), last: gate.last()})),
  });
  parser.on('ignoredEntry', (entry: ReadEntry) => {
    if (entry.meta) fail(`has a header of ${formatBytes(entry.size)}${behind(gate.last())}`);
    else gate.noteUnknown(entry);
  });
  parser.on('nullBlock', () => {
    markedEnd = true;
  });
  parser.on('eof', () => {
    past = true;
  });
  return {
    write: (piece) => {
      if (isFirst && piece[0] === 0x1f && piece[1] === 0x8b) fail('is gzipped twice');
      isFirst = false;
      // The parser would hold all that follows the end in memory; it is read only for the gzip checksum.
      if (past && piece.some((byte) => byte !== 0)) fail(TWO_IN_ONE);
      if (!past && damage === null) parser.write(piece);
      if (damage !== null && ended.length === 0) throw damage;
    },
    take: () => ended.splice(0),
    end: () => {
      if (!past) parser.end();
      if (damage !== null) throw damage;
      if (!markedEnd && !past)
        throw new ArchiveError(file, {reason: `is cut off${behind(gate.last())}`, hint: AGAIN});
    },
    last: gate.last,
  };
}

const TWO_IN_ONE = 'goes on behind its end: are these two archives in one file?';

function behind(last: string | null): string {
  return last === null ? '' : `, behind ${last}`;
}

function whatIsDamaged({
  code,
  message,
  last,
}: Readonly<{code: string; message: string; last: string | null}>): string {
  if (last === null) return 'is no tar archive';
  return code === 'TAR_BAD_ARCHIVE' && message.startsWith('Truncated')
    ? `is cut off inside ${last}`
    : `has a damaged header behind ${last}`;
}

/** The parser hands on a member's bytes as they come, in pieces of the stream that nobody else writes into. */
function collect(entry: ReadEntry, onEnd: (bytes: Buffer) => void): void {
  const pieces: Buffer[] = [];
  let bytes = 0;
  entry.on('data', (piece: Buffer) => {
    pieces.push(piece);
    bytes += piece.length;
  });
  entry.on('end', () => {
    // Of a member that was cut off the parser also says that it ended.
    if (bytes === entry.size) onEnd(Buffer.concat(pieces, bytes));
  });
}

type Gate = Readonly<{
  accepts(entry: ReadEntry): boolean;
  noteUnknown(entry: ReadEntry): void;
  last(): string | null;
}>;

const REFUSED_TYPES: Readonly<Record<string, string>> = {
  Link: 'is a link',
  SymbolicLink: 'is a link',
  CharacterDevice: 'is a device',
  BlockDevice: 'is a device',
  FIFO: 'is a pipe',
};

/** Decides about each member by its header alone. */
function createGate(file: string, {wants, onFault}: ReadArchiveOptions): Gate {
  const names = new Set<string>();
  let [last, count]: [string | null, number] = [null, 0];
  const judged = new WeakSet<ReadEntry>();
  const refuse = (entry: ReadEntry, reason: string): false => {
    onFault?.({member: spelledOut(entry.path), reason});
    return false;
  };
  const begin = (entry: ReadEntry): void => {
    judged.add(entry);
    last = spelledOut(entry.path);
    if (++count > MAX_MEMBERS) {
      const hint = 'the published archives have 10,000: is this the right file?';
      throw new ArchiveError(file, {reason: `has more than ${MAX_MEMBERS} members`, hint});
    }
  };
  return {
    accepts: (entry) => {
      begin(entry);
      const {type, path, size} = entry;
      if (type === 'Directory' || type === 'GNUDumpDir') return false;
      const refusal = REFUSED_TYPES[type] ?? whyNoMemberName(path);
      if (refusal !== null) return refuse(entry, refusal);
      const name = memberName(path);
      if (names.has(name)) return refuse(entry, 'is there twice: the first one counts');
      names.add(name);
      if (size <= MAX_MEMBER_BYTES) return wants(name, size);
      return refuse(entry, `is ${formatBytes(size)} large, more than ${formatBytes(MAX_MEMBER_BYTES)}`);
    },
    noteUnknown: (entry) => {
      if (judged.has(entry)) return;
      begin(entry);
      refuse(entry, 'is neither a file nor a folder');
    },
    last: () => last,
  };
}

function memberName(path: string): string {
  return path.replace(/^(\.\/+)+/, '').replace(/\/{2,}/g, '/');
}
