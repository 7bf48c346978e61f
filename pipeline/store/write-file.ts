import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import {basename, dirname, join} from 'node:path';
import type {Layout} from './layout.js';
import {isSystemError} from './on-disk.js';

/**
 * The file is either as before or whole: temporary name in the same folder, then rename. One writer per file.
 * @param durable - Also over a power cut (fsync, about 1 ms). Being killed never needs it.
 * @throws System errors.
 */
export function writeWhole(path: string, content: string | Uint8Array, {durable}: {durable: boolean}): void {
  const temporary = join(dirname(path), `.${basename(path)}.tmp`);
  try {
    writeFileSync(temporary, content, {flush: durable});
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, {force: true});
    throw error;
  }
  if (durable) syncFolder(dirname(path));
}

/** Makes the names in a folder durable: a rename or a new file is only safe after this. */
export function syncFolder(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Makes a folder of the state directory, and with the first one the state directory itself. */
export function makeFolder(layout: Layout, folder: string): void {
  makeFolders(folder);
  if (!existsSync(layout.ignoreFile)) writeFileSync(layout.ignoreFile, '*\n');
}

/** As mkdir -p; Node's own `recursive` says ENOENT where a read-only file system says EROFS. */
export function makeFolders(folder: string): void {
  try {
    mkdirSync(folder);
  } catch (error) {
    if (isSystemError(error, 'ENOENT') && dirname(folder) !== folder) {
      makeFolders(dirname(folder));
      mkdirSync(folder);
      return;
    }
    // Somebody else was faster, or had made it long ago (a read-only file system may say either).
    if (!statSync(folder, {throwIfNoEntry: false})?.isDirectory()) throw error;
  }
}
