import {randomBytes} from 'node:crypto';
import {
  closeSync,
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import {basename, join} from 'node:path';
import type {Failure} from '../model/failure.js';
import {err, ok, type Result} from '../model/result.js';
import {takeKernelLock} from '../store/kernel-lock.js';
import {onDiskAsync} from '../store/on-disk.js';
import {makeFolders} from '../store/write-file.js';
import type {BasePython} from './python-find.js';
import {INTERRUPTED, type Installation, installSet, makeVenv} from './python-install.js';
import {environmentName, type PythonSet} from './python-pins.js';

export type Making = Omit<Installation, 'folder'> &
  Readonly<{
    /** Where environments lie, absolute. */
    cacheFolder: string;
    /** Tried in this order until pip finds one. */
    sets: readonly PythonSet[];
    base: BasePython;
  }>;

export type Made = Readonly<{folder: string; set: PythonSet}>;

const MARKER = 'ready.json';
const ATTEMPT = /^environment-[0-9a-f]{8}$/;
const ELSEWHERE =
  'XDG_CACHE_HOME puts the environment elsewhere; PIPELINE_PYTHON names a Python to use instead of it';

/** A set-up that was killed has no marker, or no link to it: it is never taken for an environment. */
export function isReady(folder: string): boolean {
  // The second is a link to the Python that the environment was made from, and goes away with it.
  return existsSync(join(folder, MARKER)) && existsSync(join(folder, 'bin', 'python'));
}

/** The first of the sets that is ready. Looks up files, no more. */
export function findMade(
  {cacheFolder, sets}: Pick<Making, 'cacheFolder' | 'sets'>,
  minors: readonly number[],
): Made | null {
  for (const set of sets) {
    for (const minor of minors) {
      const folder = join(cacheFolder, environmentName(set, minor));
      if (isReady(folder)) return {folder, set};
    }
  }
  return null;
}

/** Makes the environment, or waits for another process that is making one: there is one lock for all of them. */
export async function makeEnvironment(making: Making): Promise<Result<Made, Failure>> {
  const {cacheFolder, signal} = making;
  const done = await onDiskAsync(cacheFolder, async (): Promise<Result<Made, Failure>> => {
    makeFolders(cacheFolder);
    const lock = await takeLock(making);
    if (!lock.ok) return lock;
    try {
      const made = findMade(making, [making.base.minor]);
      return made === null ? await makeAlone(making) : ok(made);
    } finally {
      closeSync(lock.value);
    }
  });
  if (done.ok) return done.value;
  return err(signal.aborted ? INTERRUPTED : ({...done.error, hint: ELSEWHERE} as Failure));
}

async function takeLock({cacheFolder, onProgress, signal}: Making): Promise<Result<number, Failure>> {
  const path = join(cacheFolder, 'environments.lock');
  let lock = await takeKernelLock({path, wait: false, signal});
  if (lock.ok && lock.value === 'busy') {
    // Empty between taking the lock and writing the note.
    const holder = readFileSync(path, 'utf8').trim();
    const who = holder === '' ? 'another process' : `process ${holder}`;
    onProgress(`waiting for ${who}, which is installing Python packages`);
    lock = await takeKernelLock({path, wait: true, signal});
  }
  if (!lock.ok) return lock;
  if (lock.value === 'busy') return err(INTERRUPTED);
  writeFileSync(path, `${process.pid}\n`);
  return ok(lock.value);
}

/**
 * An environment is made in a folder of its own and never moved, since its scripts name their interpreter by absolute
 * path; at last a link with the environment's name is made to it.
 */
async function makeAlone(making: Making): Promise<Result<Made, Failure>> {
  removeAttempts(making.cacheFolder);
  const folder = join(making.cacheFolder, `environment-${randomBytes(4).toString('hex')}`);
  const installed = await install({...making, folder});
  if (!installed.ok) {
    rmSync(folder, {recursive: true, force: true, maxRetries: 3});
    return installed;
  }
  const {base, cacheFolder} = making;
  const set = installed.value;
  const facts = {schema: 'pipeline/python/v1', set: set.name, python: base.version, base: base.executable};
  writeFileSync(join(folder, MARKER), `${JSON.stringify({...facts, made: new Date().toISOString()})}\n`);
  const name = join(cacheFolder, environmentName(set, base.minor));
  rmSync(`${name}.link`, {force: true});
  symlinkSync(basename(folder), `${name}.link`);
  renameSync(`${name}.link`, name);
  return ok({folder: name, set});
}

async function install(making: Making & Installation): Promise<Result<PythonSet, Failure>> {
  const {sets, base, environment, onProgress} = making;
  const {description, gigabytes} = sets[0]!;
  const place = making.cacheFolder.replace(environment['HOME'] || '~', '~');
  onProgress(`installing Python packages (${description}, once; about ${gigabytes} GB in ${place})`);
  const made = await makeVenv(making, base.executable);
  if (!made.ok) return made;
  for (const [index, set] of sets.entries()) {
    if (index > 0)
      onProgress(
        `no ${sets[index - 1]!.description} on offer: installing ${set.description} (about ${set.gigabytes} GB)`,
      );
    const installed = await installSet(making, set);
    if (installed.ok) return ok(set);
    if (installed.error !== 'not-offered') return err(installed.error);
  }
  const wanted = (sets.length > 1 ? 'neither ' : 'no ') + sets.map((set) => set.description).join(' nor ');
  const message = `pip finds ${wanted} for ${base.executable} (Python ${base.version})`;
  const hint =
    'is the package index reachable? pip honours PIP_INDEX_URL, PIP_FIND_LINKS and HTTPS_PROXY; or set PIPELINE_PYTHON to a Python that has torch, numpy, scipy and pyzmq';
  return err({reason: 'environment', message, hint});
}

/** What killed set-ups left. A pip that outlived its pipeline may still write there; what it adds goes next time. */
function removeAttempts(cacheFolder: string): void {
  const names = readdirSync(cacheFolder, {withFileTypes: true});
  const linked = names
    .filter((entry) => entry.isSymbolicLink())
    .map(({name}) => readlinkSync(join(cacheFolder, name)));
  for (const {name} of names) {
    if (!ATTEMPT.test(name) || linked.includes(name)) continue;
    try {
      rmSync(join(cacheFolder, name), {recursive: true, force: true, maxRetries: 3});
    } catch {
      // Nothing depends on it: the new attempt has a name of its own.
    }
  }
}
