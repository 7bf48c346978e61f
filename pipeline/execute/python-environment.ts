import {homedir} from 'node:os';
import {join} from 'node:path';
import type {Failure} from '../model/failure.js';
import {ok, type Result} from '../model/result.js';
import {compileInBackground} from './python-compile.js';
import {findPython} from './python-find.js';
import {useInterpreter} from './python-interpreter.js';
import {findMade, type Made, makeEnvironment} from './python-make.js';
import {type Environment, PYTHON_MINORS, type PythonSet, pythonSets} from './python-pins.js';

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
  if (!base.ok) return base;
  const made = await makeEnvironment({...request, sets, base: base.value});
  return made.ok ? ok(compiling(made.value)) : made;
}

/** `$XDG_CACHE_HOME`, else `~/.cache`, and in it the pipeline's own folder. */
export function pythonCacheFolder(environment: Environment): string {
  const caches = environment['XDG_CACHE_HOME'] || join(environment['HOME'] || homedir(), '.cache');
  return join(caches, 'chexnet-pipeline');
}

/** @returns null when an environment has yet to be made. Goes on with a background compilation that was cut short. */
export function findReadyPython(cacheFolder: string, sets: readonly PythonSet[]): Python | null {
  const made = findMade({cacheFolder, sets}, PYTHON_MINORS);
  return made === null ? null : compiling(made);
}

function compiling({folder, set}: Made): Python {
  compileInBackground(folder);
  return {executable: join(folder, 'bin', 'python'), origin: set.description};
}
