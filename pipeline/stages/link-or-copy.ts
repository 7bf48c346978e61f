import {constants, copyFileSync, linkSync} from 'node:fs';

/**
 * A second name for the same file, where the file system can: what lies in a resume folder stays where a next attempt
 * would look for it, should this one be killed before it is recorded, and gigabytes need not be written twice.
 */
export function linkOrCopy(source: string, target: string): void {
  try {
    linkSync(source, target);
  } catch {
    copyFileSync(source, target, constants.COPYFILE_FICLONE);
  }
}
