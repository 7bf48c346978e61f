import {mkdirSync, statSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {createHasher, type Hasher, type HasherOptions, type HashProgress} from '../../pipeline/cache/hash.js';
import {digestOf} from '../../pipeline/store/sha256.js';
import {storeIn} from '../store/workplace.js';

export function write(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), {recursive: true});
    writeFileSync(join(folder, name), text);
  }
}

export const folderDigest = (files: Readonly<Record<string, string>>) =>
  digestOf(
    Object.entries(files)
      .map(([path, text]) => `${path}\0${digestOf(text)}\n`)
      .join(''),
  );

/** A hasher of a process of its own, and the files it has read. */
export function hasherIn(folder: string, options: HasherOptions = {}): Hasher & {read(): number} {
  let read = 0;
  const onProgress: HashProgress = ({done}) => {
    read = done;
  };
  const hasher = createHasher(storeIn(folder).stats, {onProgress, ...options});
  return {...hasher, read: () => read};
}

/** Waits until the file's last change is so old that its state proves its content. */
export async function settle(file: string): Promise<void> {
  while (Date.now() - statSync(file).ctimeMs < 50) await new Promise((resolve) => setImmediate(resolve));
}
