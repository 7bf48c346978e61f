import {constants} from 'node:fs';
import {copyFile, link, rename, rm, statfs} from 'node:fs/promises';
import {basename, dirname, join} from 'node:path';

/** Gives a file a second name. */
export type Link = (from: string, to: string) => Promise<void>;

/**
 * One file under two names costs nothing. Where the file system has no such thing (exFAT, some network shares), it is
 * copied if there is room.
 * @param linkFile - Another one plays such a file system.
 * @returns Whether it was placed.
 */
export async function placeFile(
  {from, to, bytes}: Readonly<{from: string; to: string; bytes: number}>,
  linkFile: Link = link,
): Promise<boolean> {
  try {
    await linkFile(from, to);
    return true;
  } catch (error) {
    if (!NO_LINKS.has(codeOf(error))) throw error;
  }
  const folder = dirname(to);
  if ((await freeBytes(folder)) < bytes) return false;
  // No file to fetch has such a name. One that is cut off may be there already, and read-only as its source is.
  const copy = join(folder, `.${basename(to)}`);
  await rm(copy, {force: true});
  await copyFile(from, copy, constants.COPYFILE_FICLONE);
  await rename(copy, to);
  return true;
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

/** Infinite where the file system does not tell, as some network file systems do not. */
export async function freeBytes(folder: string): Promise<number> {
  const {bavail, bsize, blocks} = await statfs(folder);
  return blocks === 0 ? Number.POSITIVE_INFINITY : bavail * bsize;
}
