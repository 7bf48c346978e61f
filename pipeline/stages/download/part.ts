import {createHash} from 'node:crypto';
import {type FileHandle, open, rename, rm} from 'node:fs/promises';
import {join} from 'node:path';
import {PART_ENDING, STATE_ENDING} from './places.js';
import {hashOf, type Origin, readState, type Shelf, syncFolder, writeState} from './shelf.js';

/** The beginning of a file, on disk under a name of its own. Its SHA-256 goes along with it. */
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

/** Opens what an earlier attempt left, which is hashed, or begins anew. `onBytes` is told whenever their number changes. */
export async function openPart(shelf: Shelf, onBytes: (bytes: number) => void): Promise<Part> {
  const {folder, name, sha256} = shelf;
  const path = join(folder, name + PART_ENDING);
  const state = await readState(shelf);
  const file = await openForUpdate(path);
  let {hash, bytes} = await hashOf(file, shelf).catch(async (error: unknown) => {
    await file.close();
    throw error;
  });
  let origin = state?.is === 'part' ? state.origin : null;
  return {
    bytes: () => bytes,
    origin: () => origin,
    digest: () => hash.copy().digest('hex'),
    begin: async (from) => {
      await file.truncate(0);
      [hash, bytes, origin] = [createHash('sha256'), 0, from];
      onBytes(bytes);
      await writeState(shelf, {is: 'part', sha256, origin});
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
      await rename(path, join(folder, name));
      await syncFolder(folder);
      await writeState(shelf, {is: 'whole', sha256: hash.copy().digest('hex'), bytes, mtimeMs});
    },
    remove: async () => {
      await rm(path, {force: true});
      await rm(join(folder, name + STATE_ENDING), {force: true});
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
