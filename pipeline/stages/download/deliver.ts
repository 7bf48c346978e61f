import {constants} from 'node:fs';
import {copyFile, link, rename, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {toCsv} from '../csv.js';
import {ARCHIVE_LIST, type WantedFile} from './places.js';

/** Puts the finished files into the artifact. They stay on the shelf until the artifact is in its place. */
export async function deliver(
  files: readonly (WantedFile & Readonly<{bytes: number}>)[],
  {shelf, out}: Readonly<{shelf: string; out: string}>,
): Promise<void> {
  const rows = files.map(({name, sha256, bytes}) => [name, sha256, bytes]);
  await writeFile(join(out, ARCHIVE_LIST), toCsv(['archive', 'sha256', 'bytes'], rows));
  for (const {name} of files) await put(join(shelf, name), join(out, name));
}

/** One file under two names costs nothing; where a file system has no such thing, it is moved. */
async function put(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (!NO_LINKS.has(codeOf(error))) throw error;
    try {
      await rename(from, to);
    } catch (fault) {
      if (codeOf(fault) !== 'EXDEV') throw fault;
      await copyFile(from, to, constants.COPYFILE_FICLONE);
    }
  }
}

const NO_LINKS: ReadonlySet<string> = new Set([
  'EPERM',
  'EXDEV',
  'ENOTSUP',
  'EOPNOTSUPP',
  'ENOSYS',
  'EMLINK',
]);

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? '';
}
