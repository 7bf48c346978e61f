import {createHash, type Hash} from 'node:crypto';
import {type FileHandle, open, readFile, rename, rm, stat, writeFile} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {z} from 'zod';
import {PART_ENDING, STATE_ENDING} from './places.js';

/** Where the bytes of a part came from: what is needed to ask for the others. */
export type Origin = Readonly<{
  /** As shown to people. */
  url: string;
  /** The strong one. */
  etag: string | null;
  lastModified: string | null;
  /** Size of the whole file. */
  bytes: number | null;
}>;

/** The beginning of a file, on disk: `<name>.part`. It is a file of its own, hence a thing that changes. */
export type Part = Readonly<{
  bytes(): number;
  origin(): Origin | null;
  /** SHA-256 of what is there, lower-case hexadecimal. */
  digest(): string;
  /** Throws away what is there; what comes is from elsewhere, or nothing is known of where it is from. */
  begin(origin: Origin | null): Promise<void>;
  append(piece: Buffer): Promise<void>;
  /** Makes it durable and gives it its name. */
  finish(): Promise<void>;
  /** Leaves nothing of it. */
  remove(): Promise<void>;
  close(): Promise<void>;
}>;

export type Shelf = Readonly<{
  /** Absolute; keeps files and parts over attempts. */
  folder: string;
  name: string;
  /** Ends reading what is there, by throwing. */
  signal: AbortSignal;
}>;

/** Both written whole or not at all. What cannot be read counts as absent. */
const stateShape = z.discriminatedUnion('is', [
  z.strictObject({
    is: z.literal('part'),
    url: z.string(),
    etag: z.string().nullable(),
    lastModified: z.string().nullable(),
    bytes: z.number().nullable(),
  }),
  z.strictObject({is: z.literal('whole'), sha256: z.string(), bytes: z.number(), mtimeMs: z.number()}),
]);
type State = z.output<typeof stateShape>;

/** Bytes of a part, without opening it. */
export async function partBytes({folder, name}: Shelf): Promise<number> {
  return (await statOrNull(join(folder, name + PART_ENDING)))?.size ?? 0;
}

/** Size of the whole file as the server gave it in an earlier attempt. */
export async function expectedBytes(shelf: Shelf): Promise<number | null> {
  const state = await readState(shelf);
  return state?.is === 'part' ? state.bytes : null;
}

/**
 * Whether an earlier attempt has finished the file. One that is not as it was noted is read once more; one with other
 * content is removed.
 * @returns Its size, or null when it is not there.
 */
export async function finishedBytes(shelf: Shelf, sha256: string): Promise<number | null> {
  const path = join(shelf.folder, shelf.name);
  const found = await statOrNull(path);
  if (found === null) return null;
  const state = await readState(shelf);
  const {size: bytes, mtimeMs} = found;
  const isAsNoted =
    state?.is === 'whole' && state.sha256 === sha256 && state.bytes === bytes && state.mtimeMs === mtimeMs;
  if (isAsNoted) return bytes;
  const file = await open(path);
  const {hash} = await hashOf(file, shelf.signal).finally(() => file.close());
  if (hash.digest('hex') !== sha256) {
    await rm(path);
    return null;
  }
  await writeState(shelf, {is: 'whole', sha256, bytes, mtimeMs});
  return bytes;
}

/** Opens what an earlier attempt left, which is hashed, or begins anew. `onBytes` is told whenever their number changes. */
export async function openPart(shelf: Shelf, onBytes: (bytes: number) => void): Promise<Part> {
  const path = join(shelf.folder, shelf.name + PART_ENDING);
  const state = await readState(shelf);
  const file = await openForUpdate(path);
  let {hash, bytes} = await hashOf(file, shelf.signal).catch(async (error: unknown) => {
    await file.close();
    throw error;
  });
  let origin: Origin | null = state?.is === 'part' ? state : null;
  return {
    bytes: () => bytes,
    origin: () => origin,
    digest: () => hash.copy().digest('hex'),
    begin: async (from) => {
      await file.truncate(0);
      [hash, bytes, origin] = [createHash('sha256'), 0, from];
      onBytes(bytes);
      if (from === null) await rm(statePath(shelf), {force: true});
      else await writeState(shelf, {is: 'part', ...from});
    },
    append: async (piece) => {
      for (let done = 0; done < piece.length; ) {
        done += (await file.write(piece, done, piece.length - done, bytes + done)).bytesWritten;
      }
      hash.update(piece);
      bytes += piece.length;
      onBytes(bytes);
    },
    finish: async () => {
      await file.sync();
      const {mtimeMs} = await file.stat();
      await rename(path, join(shelf.folder, shelf.name));
      await syncFolder(shelf.folder);
      await writeState(shelf, {is: 'whole', sha256: hash.copy().digest('hex'), bytes, mtimeMs});
    },
    remove: async () => {
      await rm(path, {force: true});
      await rm(statePath(shelf), {force: true});
    },
    close: () => file.close(),
  };
}

async function openForUpdate(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r+');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return await open(path, 'w+');
  }
}

/** Streams: memory stays at a chunk. */
async function hashOf(file: FileHandle, signal: AbortSignal): Promise<{hash: Hash; bytes: number}> {
  const [hash, chunk] = [createHash('sha256'), Buffer.allocUnsafe(1 << 20)];
  for (let bytes = 0; ; ) {
    signal.throwIfAborted();
    const {bytesRead} = await file.read(chunk, 0, chunk.length, bytes);
    if (bytesRead === 0) return {hash, bytes};
    hash.update(chunk.subarray(0, bytesRead));
    bytes += bytesRead;
  }
}

function statePath({folder, name}: Shelf): string {
  return join(folder, name + STATE_ENDING);
}

async function readState(shelf: Shelf): Promise<State | null> {
  try {
    return stateShape.safeParse(JSON.parse(await readFile(statePath(shelf), 'utf8'))).data ?? null;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

async function writeState(shelf: Shelf, state: State): Promise<void> {
  const path = statePath(shelf);
  await writeFile(`${path}.tmp`, `${JSON.stringify(state)}\n`);
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

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
