import {createHash, type Hash} from 'node:crypto';
import {type FileHandle, open, readdir, readFile, rename, rm, stat, writeFile} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {z} from 'zod';
import {PART_ENDING, STATE_ENDING} from './places.js';

/** The place of one file in a folder that outlives attempts. */
export type Shelf = Readonly<{
  /** Absolute. */
  folder: string;
  name: string;
  /** Of the file that belongs there, lower-case hexadecimal. */
  sha256: string;
  /** Ends reading what is there, by throwing. */
  signal: AbortSignal;
}>;

/** Where the bytes of a part came from: what is needed to ask for the others. */
export type Origin = z.output<typeof originShape>;

const originShape = z.strictObject({
  /** As shown to people. */
  url: z.string(),
  /** The strong one. */
  etag: z.string().nullable(),
  lastModified: z.string().nullable(),
  /** Size of the whole file. */
  bytes: z.number().nullable(),
});

/**
 * What is noted of a file or of its part. The SHA-256 is that of the wanted file, so that an attempt with another list
 * of files knows what may be of use to it.
 */
export type State = z.output<typeof stateShape>;

const stateShape = z.discriminatedUnion('is', [
  z.strictObject({is: z.literal('part'), sha256: z.string(), origin: originShape.nullable()}),
  z.strictObject({is: z.literal('whole'), sha256: z.string(), bytes: z.number(), mtimeMs: z.number()}),
]);

/** A file under its final name. `unread`: nothing vouches for it until it has been read. */
export type Standing = Readonly<{is: 'absent'}> | Readonly<{is: 'noted' | 'unread'; bytes: number}>;

/** Looks for the file without reading it. */
export async function standingOf(shelf: Omit<Shelf, 'signal'>): Promise<Standing> {
  const found = await statOrNull(join(shelf.folder, shelf.name));
  if (found === null) return {is: 'absent'};
  const state = await readState(shelf);
  const {size: bytes, mtimeMs} = found;
  const isAsNoted =
    state?.is === 'whole' &&
    state.sha256 === shelf.sha256 &&
    state.bytes === bytes &&
    state.mtimeMs === mtimeMs;
  return {is: isAsNoted ? 'noted' : 'unread', bytes};
}

/**
 * Reads a file that is `unread`. One with other content is removed.
 * @param onRead - Told how many bytes more have been read.
 * @returns The SHA-256 of what was removed; null when the file is the wanted one.
 */
export async function check(shelf: Shelf, onRead: (bytes: number) => void): Promise<string | null> {
  const path = join(shelf.folder, shelf.name);
  const file = await open(path);
  try {
    const {hash, bytes} = await hashOf(file, {signal: shelf.signal, onRead});
    const digest = hash.digest('hex');
    if (digest !== shelf.sha256) {
      await rm(path);
      return digest;
    }
    const {mtimeMs} = await file.stat();
    await writeState(shelf, {is: 'whole', sha256: digest, bytes, mtimeMs});
    return null;
  } finally {
    await file.close();
  }
}

/** Bytes of a part, without opening it. */
export async function partBytes({folder, name}: Pick<Shelf, 'folder' | 'name'>): Promise<number | null> {
  return (await statOrNull(join(folder, name + PART_ENDING)))?.size ?? null;
}

/** Streams: memory stays at a chunk. */
export async function hashOf(
  file: FileHandle,
  {signal, onRead}: Readonly<{signal: AbortSignal; onRead?(bytes: number): void}>,
): Promise<{hash: Hash; bytes: number}> {
  const [hash, chunk] = [createHash('sha256'), Buffer.allocUnsafe(1 << 20)];
  for (let bytes = 0; ; ) {
    signal.throwIfAborted();
    const {bytesRead} = await file.read(chunk, 0, chunk.length, bytes);
    if (bytesRead === 0) return {hash, bytes};
    hash.update(chunk.subarray(0, bytesRead));
    bytes += bytesRead;
    onRead?.(bytesRead);
  }
}

/** Names in the folder of which something is noted, with what is noted. */
export async function statesIn(folder: string): Promise<ReadonlyMap<string, State>> {
  const states = new Map<string, State>();
  for (const file of await readdir(folder)) {
    if (!file.endsWith(STATE_ENDING)) continue;
    const name = file.slice(0, -STATE_ENDING.length);
    const state = await readState({folder, name});
    if (state !== null) states.set(name, state);
  }
  return states;
}

/** Null where there is none, or none that can be understood. */
export async function readState({folder, name}: Pick<Shelf, 'folder' | 'name'>): Promise<State | null> {
  try {
    const text = await readFile(join(folder, name + STATE_ENDING), 'utf8');
    return stateShape.safeParse(JSON.parse(text)).data ?? null;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Written whole or not at all, also over a power cut. */
export async function writeState(
  {folder, name}: Pick<Shelf, 'folder' | 'name'>,
  state: State,
): Promise<void> {
  const path = join(folder, name + STATE_ENDING);
  await writeFile(`${path}.tmp`, `${JSON.stringify(state)}\n`, {flush: true});
  await rename(`${path}.tmp`, path);
  await syncFolder(dirname(path));
}

async function statOrNull(path: string): Promise<{size: number; mtimeMs: number} | null> {
  try {
    return await stat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Makes the names in a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
