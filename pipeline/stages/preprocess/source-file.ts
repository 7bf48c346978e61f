import {createHash} from 'node:crypto';
import {closeSync, fstatSync, openSync, readFileSync} from 'node:fs';
import {err, ok, type Result} from '../../model/result.js';

/**
 * The file of an image. Its size is asked first: what has become a file of many gigabytes is not read.
 * @returns Or how it has changed since the data set was made, as the end of a sentence that begins with its name.
 * @throws System errors other than absence.
 */
export function readSource(path: string, bytes: number): Result<Buffer, string> {
  try {
    const file = openSync(path, 'r');
    try {
      return fstatSync(file).size === bytes ? ok(readFileSync(file)) : err('has another size');
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return err('is gone');
    throw error;
  }
}

/** @returns The content if it has this digest, or how it has changed. */
export function unchanged(content: Buffer, sha256: string): Result<Buffer, string> {
  const found = createHash('sha256').update(content).digest('hex');
  return found === sha256 ? ok(content) : err('has another content');
}
