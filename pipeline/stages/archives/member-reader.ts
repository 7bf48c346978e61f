import {Parser, type ReadEntry} from 'tar';
import {formatBytes, formatCount} from '../../model/words.js';
import {spelledOut, whyNoMemberName} from '../file-name.js';
import {ArchiveError, FETCH_AGAIN} from './archive-error.js';

/** Larger members are refused: no radiograph is near this size, and a member is held in memory whole. */
const MAX_MEMBER_BYTES = 256 * 2 ** 20;

/** The whole data set has 112,120. The names are kept to find the same one twice. */
const MAX_MEMBERS = 200_000;

/** `name` is the member's name in the archive without `./` before it. */
export type ArchiveMember = Readonly<{name: string; bytes: Buffer}>;

/** A member that is refused. `member` is its name with nothing invisible in it; `reason` ends a sentence that begins with it. */
export type MemberFault = Readonly<{member: string; reason: string}>;

/** Which members are read. */
export type MemberRules = Readonly<{
  /** Asked once for every regular file with a harmless name, in order; what is not wanted is skipped, not held in memory. */
  wants(name: string, bytes: number): boolean;
  onFault?(fault: MemberFault): void;
}>;

export type MemberReader = Readonly<{
  /** @throws ArchiveError */
  write(piece: Buffer): void;
  /** The members that have ended since, each once. */
  take(): readonly ArchiveMember[];
  end(): void;
  /** The last member that was begun, for messages. */
  last(): string | null;
}>;

export function createMemberReader(file: string, rules: MemberRules): MemberReader {
  const ended: ArchiveMember[] = [];
  const gate = createGate(file, rules);
  let damage: ArchiveError | null = null;
  let [isFirst, markedEnd, past] = [true, false, false];
  /** Bytes that the parser has been given. */
  let position = 0;
  const fail = (reason: string): void => {
    damage ??= new ArchiveError(file, {reason, hint: FETCH_AGAIN});
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
      for (let from = 0; from < piece.length && damage === null; ) {
        if (past) {
          // The parser would hold all that follows the end in memory; it is read only for the gzip checksum.
          if (piece.subarray(from).some((byte) => byte !== 0)) fail(TWO_IN_ONE);
          break;
        }
        const to = nextStop(piece, {from, position, isNearEnd: markedEnd});
        parser.write(piece.subarray(from, to));
        position += to - from;
        from = to;
      }
      if (damage !== null && ended.length === 0) throw damage;
    },
    take: () => ended.splice(0),
    end: () => {
      if (!past) parser.end();
      if (damage !== null) throw damage;
      if (!markedEnd && !past)
        throw new ArchiveError(file, {reason: `is cut off${behind(gate.last())}`, hint: FETCH_AGAIN});
    },
    last: gate.last,
  };
}

const TWO_IN_ONE = 'goes on behind its end: are these two archives in one file?';

const BLOCK_BYTES = 512;
const ZERO_BLOCK = Buffer.alloc(BLOCK_BYTES);

/**
 * How far the parser may read at once, so that it stops right behind the end mark and nothing after it is swallowed: the
 * mark is two blocks of zeros, so from such a block on it is given one block at a time.
 */
function nextStop(
  piece: Buffer,
  {from, position, isNearEnd}: Readonly<{from: number; position: number; isNearEnd: boolean}>,
): number {
  const ofBlock = position % BLOCK_BYTES;
  const blockEnd = Math.min(piece.length, from + BLOCK_BYTES - ofBlock);
  if (ofBlock !== 0 || isNearEnd) return blockEnd;
  const zeros = piece.indexOf(ZERO_BLOCK, from);
  if (zeros === -1) return piece.length;
  return Math.max(blockEnd, zeros - ((zeros - from) % BLOCK_BYTES));
}

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
function createGate(file: string, {wants, onFault}: MemberRules): Gate {
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
      throw new ArchiveError(file, {reason: `has more than ${formatCount(MAX_MEMBERS)} members`, hint});
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
