import {homedir} from 'node:os';
import {join} from 'node:path';
import type {Failure} from '../model/failure.js';
import {err, ok, type Result} from '../model/result.js';
import {compileInBackground} from './python-compile.js';
import {type BasePython, findPython} from './python-find.js';
import {useInterpreter} from './python-interpreter.js';
import {isReady, makeEnvironment} from './python-make.js';
import {type Environment, environmentName, PYTHON_MINORS, type PythonSet, pythonSets} from './python-pins.js';

export type PythonRequest = Readonly<{
  /** `python:` of the configuration; it goes before PIPELINE_PYTHON. */
  configured: string | null;
  environment: Environment;
  /** Where environments are kept, absolute: see `pythonCacheFolder`. */
  cacheFolder: string;
  /** The folder `py/`, absolute; the pins lie in its `requirements/`. */
  sourceFolder: string;
  onProgress(text: string): void;
  signal: AbortSignal;
}>;

/** `origin` tells people where it comes from: "python:", "PIPELINE_PYTHON" or "torch 2.13.0 CPU build". */
export type Python = Readonly<{executable: string; origin: string}>;

/**
 * The Python that stages run in: the one that the user names, else an environment of the pipeline's own, made on
 * first need. When it is ready, this costs a few look-ups of files and starts no process.
 */
export async function preparePython(request: PythonRequest): Promise<Result<Python, Failure>> {
  const {configured, environment, cacheFolder} = request;
  const named = configured ?? environment['PIPELINE_PYTHON'] ?? '';
  if (named !== '') {
    const origin = configured === null ? 'PIPELINE_PYTHON' : 'python:';
    return await useInterpreter({name: named, origin, environment, cacheFolder});
  }
  const sets = pythonSets(join(request.sourceFolder, 'requirements'), environment);
  const ready = findReadyPython(cacheFolder, sets);
  if (ready !== null) return ok(ready);
  const base = await findPython(environment);
  return base.ok ? await makeFirstOffered(request, sets, base.value) : base;
}

/** `$XDG_CACHE_HOME`, else `~/.cache`, and in it the pipeline's own folder. */
export function pythonCacheFolder(environment: Environment): string {
  const caches = environment['XDG_CACHE_HOME'] || join(environment['HOME'] || homedir(), '.cache');
  return join(caches, 'chexnet-pipeline');
}

/** @returns null when an environment has yet to be made. Goes on with a background compilation that was cut short. */
export function findReadyPython(cacheFolder: string, sets: readonly PythonSet[]): Python | null {
  for (const set of sets) {
    for (const minor of PYTHON_MINORS) {
      const folder = join(cacheFolder, environmentName(set, minor));
      if (!isReady(folder)) continue;
      compileInBackground(folder);
      return python(folder, set);
    }
  }
  return null;
}

function python(folder: string, set: PythonSet): Python {
  return {executable: join(folder, 'bin', 'python'), origin: set.description};
}

async function makeFirstOffered(
  request: PythonRequest,
  sets: readonly PythonSet[],
  base: BasePython,
): Promise<Result<Python, Failure>> {
  for (const set of sets) {
    const folder = join(request.cacheFolder, environmentName(set, base.minor));
    const made = await makeEnvironment({...request, folder, set, base});
    if (made.ok) {
      compileInBackground(folder);
      return ok(python(folder, set));
    }
    if (made.error !== 'not-offered') return err(made.error);
  }
  const wanted = sets.map((set) => set.description).join(' nor ');
  const message = `pip finds no ${wanted} for ${base.executable} (Python ${base.version})`;
  const hint =
    'is the package index reachable? pip honours PIP_INDEX_URL, PIP_FIND_LINKS and HTTPS_PROXY; or set PIPELINE_PYTHON to a Python that has torch, numpy, scipy and pyzmq';
  return err({reason: 'environment', message, hint});
}
