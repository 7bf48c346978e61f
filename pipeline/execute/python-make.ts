import {randomBytes} from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import {basename, dirname, join} from 'node:path';
import type {Failure} from '../model/failure.js';
import {err, ok, type Result} from '../model/result.js';
import {takeKernelLock} from '../store/kernel-lock.js';
import {onDiskAsync} from '../store/on-disk.js';
import {type Installation, type InstallError, installEnvironment} from './python-install.js';

const MARKER = 'ready.json';
const ELSEWHERE =
  'XDG_CACHE_HOME puts the environment elsewhere; PIPELINE_PYTHON names a Python to use instead of it';

/** A set-up that was killed has no marker, or no link to it: it is never taken for an environment. */
export function isReady(folder: string): boolean {
  // The second is a link to the Python that the environment was made from, and goes away with it.
  return existsSync(join(folder, MARKER)) && existsSync(join(folder, 'bin', 'python'));
}

/**
 * Makes the environment `folder`, or waits for another process that is making it. It is made in a folder of its own
 * and never moved, since its scripts name their interpreter by absolute path: `folder` becomes a link to it at last.
 */
export async function makeEnvironment(installation: Installation): Promise<Result<null, InstallError>> {
  const {folder, signal} = installation;
  const path = `${folder}.lock`;
  const made = await onDiskAsync(path, async (): Promise<Result<null, InstallError>> => {
    mkdirSync(dirname(folder), {recursive: true});
    const lock = await takeLock(path, installation);
    if (!lock.ok) return lock;
    try {
      return isReady(folder) ? ok(null) : await makeAlone(installation);
    } finally {
      closeSync(lock.value);
    }
  });
  if (made.ok) return made.value;
  if (signal.aborted) return err(interrupted());
  return err({...made.error, hint: ELSEWHERE} as Failure);
}

async function takeLock(path: string, {onProgress, signal}: Installation): Promise<Result<number, Failure>> {
  let lock = await takeKernelLock({path, wait: false, signal});
  if (lock.ok && lock.value === 'busy') {
    const holder = readFileSync(path, 'utf8').trim();
    onProgress(`waiting for process ${holder}, which is installing the same Python packages`);
    lock = await takeKernelLock({path, wait: true, signal});
  }
  if (!lock.ok) return lock;
  if (lock.value === 'busy') return err(interrupted());
  writeFileSync(path, `${process.pid}\n`);
  return ok(lock.value);
}

function interrupted(): Failure {
  return {
    reason: 'environment',
    message: 'Setting up Python was interrupted',
    hint: 'the next run does it anew',
  };
}

async function makeAlone(installation: Installation): Promise<Result<null, InstallError>> {
  const {folder, set, base, environment, onProgress} = installation;
  removeAttempts(folder);
  const place = dirname(folder).replace(environment['HOME'] || '~', '~');
  onProgress(`installing Python packages (${set.description}, once; about ${set.gigabytes} GB in ${place})`);
  const attempt = `${folder}.${randomBytes(4).toString('hex')}`;
  const installed = await installEnvironment({...installation, folder: attempt});
  if (!installed.ok) {
    rmSync(attempt, {recursive: true, force: true, maxRetries: 3});
    return installed;
  }
  const facts = {schema: 'pipeline/python/v1', set: set.name, python: base.version, base: base.executable};
  writeFileSync(join(attempt, MARKER), `${JSON.stringify({...facts, made: new Date().toISOString()})}\n`);
  const link = `${folder}.link`;
  rmSync(link, {force: true});
  symlinkSync(basename(attempt), link);
  renameSync(link, folder);
  return ok(null);
}

/** What killed set-ups left. A pip that outlived its pipeline may still write there; what it adds goes next time. */
function removeAttempts(folder: string): void {
  for (const name of readdirSync(dirname(folder))) {
    const isAttempt = /^\.[0-9a-f]{8}$/.test(name.slice(basename(folder).length));
    if (!isAttempt || !name.startsWith(basename(folder))) continue;
    try {
      rmSync(join(dirname(folder), name), {recursive: true, force: true, maxRetries: 3});
    } catch {
      // Nothing depends on it: the new attempt has a name of its own.
    }
  }
}
