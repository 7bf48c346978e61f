import type {Failure} from '../model/failure.js';
import {err, ok, type Result} from '../model/result.js';

/** Runs what touches the disk; what the system refuses comes back as a Failure, a fault of ours still throws. */
export function onDisk<T>(path: string, action: () => T): Result<T, Failure> {
  try {
    return ok(action());
  } catch (error) {
    return err(systemFailure(error, path));
  }
}

/** The same for work that takes a while. */
export async function onDiskAsync<T>(path: string, action: () => Promise<T>): Promise<Result<T, Failure>> {
  try {
    return ok(await action());
  } catch (error) {
    return err(systemFailure(error, path));
  }
}

/**
 * @param path - Named when the error names none itself.
 * @throws The error itself when it did not come from the operating system.
 */
export function systemFailure(error: unknown, path: string): Failure {
  if (!isSystemError(error)) throw error;
  const place = error.path ?? path;
  const [what, hint] = EXPLAINED[error.code] ?? [error.message, ELSEWHERE];
  return {reason: 'system', code: error.code, path: place, message: `${place}: ${what}`, hint};
}

/** Whether the operating system said so, with one of these codes if any are given. */
export function isSystemError(error: unknown, ...codes: string[]): error is SystemError {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return false;
  // Node's own errors (a bad argument) carry a code too, but no number: those are faults of ours.
  if (!('errno' in error) || !('syscall' in error)) return false;
  return codes.length === 0 || codes.includes(error.code);
}

type SystemError = Error & {code: string; path?: string};

const ELSEWHERE = 'to keep the state elsewhere, use --home or PIPELINE_HOME';

const EXPLAINED: Readonly<Record<string, readonly [what: string, hint: string]>> = {
  EACCES: ['permission denied', `check the owner and the mode of the folder; ${ELSEWHERE}`],
  EPERM: ['not permitted', `check the owner and the mode of the folder; ${ELSEWHERE}`],
  EROFS: ['the file system is read-only', ELSEWHERE],
  ENOSPC: ['no space left on the device', `free some space and run again, nothing is lost; ${ELSEWHERE}`],
  EDQUOT: ['the disk quota is used up', `free some space and run again, nothing is lost; ${ELSEWHERE}`],
  ENOTDIR: ['a file is in the way of a folder', `move the file away; ${ELSEWHERE}`],
  EEXIST: ['a file is in the way of a folder', `move the file away; ${ELSEWHERE}`],
  EISDIR: ['a folder is in the way of a file', `move the folder away; ${ELSEWHERE}`],
  ENOENT: ['no such file or folder', 'was it moved or removed? Run again once it is back'],
  EMFILE: ['too many open files', 'raise the limit with ulimit -n'],
  ENFILE: ['too many open files in the whole system', 'close other programs and run again'],
  EIO: ['the disk reports an input/output error', 'check the disk before you run again'],
};
