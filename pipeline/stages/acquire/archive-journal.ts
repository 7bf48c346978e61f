import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import {join} from 'node:path';
import type {Candidate, Extra, Refused} from './candidate.js';

/** What came of archives so far, kept in a folder that survives failed and killed attempts. */
export type ArchiveJournal = Readonly<{
  /** Whether the machine has not stopped since: what was written before a loss of power need not have reached the disk. */
  isSameBoot: boolean;
  /** How many an earlier attempt has read, of all archives. */
  images: number;
  /** @param archive - Names it and its state. */
  of(archive: string): ArchiveProgress;
  image(archive: string, candidate: Candidate): void;
  end(archive: string, rest: ArchiveRest): void;
  close(): void;
}>;

/** `images` by their name in the archive; `rest` is null until it was read to its end. */
export type ArchiveProgress = Readonly<{images: ReadonlyMap<string, Candidate>; rest: ArchiveRest | null}>;

export type ArchiveRest = Readonly<{extras: readonly Extra[]; refused: readonly Refused[]}>;

type Line = Readonly<{archive: string} & ({image: Candidate} | {rest: ArchiveRest})>;

type Progress = {images: Map<string, Candidate>; rest: ArchiveRest | null};

type Header = Readonly<{schema: string; boot: string}>;

const SCHEMA = 'pipeline/acquire-archives/v1';

/** Opens what an earlier attempt left, or begins anew. */
export function openArchiveJournal(folder: string): ArchiveJournal {
  const file = join(folder, 'archives.ndjson');
  const boot = bootOf();
  const {header, lines} = readJournal(file);
  const isSameBoot = header?.schema === SCHEMA && header.boot === boot && boot !== '';
  const known = new Map<string, Progress>();
  const of = (archive: string): Progress => {
    const progress = known.get(archive) ?? {images: new Map(), rest: null};
    known.set(archive, progress);
    return progress;
  };
  if (header?.schema === SCHEMA) {
    for (const line of lines) {
      if ('image' in line) of(line.archive).images.set(line.image.path, line.image);
      else of(line.archive).rest = line.rest;
    }
  } else {
    rmSync(file, {force: true});
    writeFileSync(file, `${JSON.stringify({schema: SCHEMA, boot} satisfies Header)}\n`);
  }
  const journal = openSync(file, 'a');
  const write = (line: Line): void => {
    // A write may fall short, on a disk that is nearly full.
    let bytes = Buffer.from(`${JSON.stringify(line)}\n`);
    while (bytes.length > 0) bytes = bytes.subarray(writeSync(journal, bytes));
  };
  return {
    isSameBoot,
    images: [...known.values()].reduce((sum, {images}) => sum + images.size, 0),
    of,
    image: (archive, image) => write({archive, image}),
    end: (archive, rest) => write({archive, rest}),
    close: () => closeSync(journal),
  };
}

/** A last line that was cut off by a kill is cut away, so that the next one begins on a line of its own. */
function readJournal(file: string): {header: Header | null; lines: readonly Line[]} {
  if (!existsSync(file)) return {header: null, lines: []};
  const bytes = readFileSync(file);
  const end = bytes.lastIndexOf('\n') + 1;
  truncateSync(file, end);
  const parsed: unknown[] = [];
  for (const line of bytes.toString('utf8', 0, end).split('\n').slice(0, -1)) {
    try {
      parsed.push(JSON.parse(line));
    } catch {
      // Zeros that a loss of power left: what was written behind them is not to be relied on either.
      return {header: null, lines: []};
    }
  }
  const [header, ...lines] = parsed;
  return {header: (header as Header | undefined) ?? null, lines: lines as Line[]};
}

/** Changes with each start of the machine; empty where that cannot be told. */
function bootOf(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}
