import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {closeSync, constants, openSync} from 'node:fs';
import {setTimeout as delay} from 'node:timers/promises';
import type {Failure} from '../model/failure.js';
import {err, ok, type Result} from '../model/result.js';
import {isSystemError} from './on-disk.js';

/**
 * flock(2) from Node, which has no call for it. A flock belongs to the *open file*, not to a process, so we open the
 * file, hand it to util-linux's (or busybox's) `flock` as descriptor 3, and once that has taken the lock and gone,
 * the lock is ours: until we close the file or the kernel does because we were killed. Node opens every file
 * close-on-exec, so nothing else that we start inherits it: training ranks that outlive us do not keep it.
 *
 * Why so: measured 2 to 4 ms for a lock and nothing to install. The foreign-function package koffi takes 16 ms to load
 * and 4 MB of prebuilt binaries behind an install script; fs-ext is compiled; lock files with a heartbeat
 * (proper-lockfile) stay behind after SIGKILL and are guessed stale by a clock.
 *
 * macOS has no flock program but takes the lock while opening (O_EXLOCK); waiting then means looking twice a second.
 *
 * @returns 'busy' when another open file holds the lock: at once, or with `wait` only once `signal` aborts.
 * @throws System errors from opening the file.
 */
export async function takeKernelLock(request: {
  path: string;
  wait: boolean;
  signal: AbortSignal;
}): Promise<Result<number | 'busy', Failure>> {
  return process.platform === 'darwin' ? openLocked(request) : lockOpenFile(request);
}

async function lockOpenFile({path, wait, signal}: Request): Promise<Result<number | 'busy', Failure>> {
  const descriptor = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o644);
  const outcome = await runFlock({descriptor, arguments: wait ? ['-x', '3'] : ['-x', '-n', '3'], signal});
  if (outcome === 'locked') return ok(descriptor);
  closeSync(descriptor);
  return outcome === 'busy' ? ok('busy') : err(explain(outcome, path));
}

type Request = Parameters<typeof takeKernelLock>[0];
type FlockOutcome = 'locked' | 'busy' | Readonly<{missing: true} | {missing: false; text: string}>;

/**
 * A driver that is killed while it waits leaves its `flock` waiting: that one gets the lock in the end and lets it go
 * at once by ending, so it delays nobody.
 */
async function runFlock(request: {
  descriptor: number;
  arguments: readonly string[];
  signal: AbortSignal;
}): Promise<FlockOutcome> {
  const child = spawn('flock', request.arguments, {
    stdio: ['ignore', 'ignore', 'pipe', request.descriptor],
    signal: request.signal,
  });
  let text = '';
  child.stderr!.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  try {
    const [code] = await once(child, 'close');
    if (code === 0) return 'locked';
    return code === 1 ? 'busy' : {missing: false, text: text.trim() || `flock ended with ${code}`};
  } catch (error) {
    if (request.signal.aborted) return 'busy';
    if (isSystemError(error, 'ENOENT')) return {missing: true};
    throw error;
  }
}

function explain(outcome: Exclude<FlockOutcome, string>, path: string): Failure {
  if (outcome.missing) {
    const hint =
      'install util-linux (Debian, Ubuntu, Fedora) or busybox (Alpine): it is part of nearly every Linux';
    return {reason: 'environment', message: 'the program "flock" is not installed', hint};
  }
  const hint =
    'does this file system support locks? Keep the state on another one with --home or PIPELINE_HOME';
  return {
    reason: 'system',
    code: 'ENOLCK',
    path,
    message: `${path}: cannot be locked: ${outcome.text}`,
    hint,
  };
}

async function openLocked({path, wait, signal}: Request): Promise<Result<number | 'busy', Failure>> {
  const exclusiveLock = 0x20; // O_EXLOCK of <sys/fcntl.h>, which node:constants does not name
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NONBLOCK | exclusiveLock;
  for (;;) {
    try {
      return ok(openSync(path, flags, 0o644));
    } catch (error) {
      if (!isSystemError(error, 'EAGAIN')) throw error;
      if (!wait || signal.aborted) return ok('busy');
      await delay(500, undefined, {signal}).catch(() => undefined);
    }
  }
}
