import {createHash} from 'node:crypto';
import {mkdirSync, readFileSync, renameSync, statSync, writeFileSync} from 'node:fs';
import {isAbsolute, join} from 'node:path';
import {execa} from 'execa';
import type {Failure} from '../model/failure.js';
import {err, ok, type Result} from '../model/result.js';
import {type Environment, findOnPath} from './python-pins.js';

/** Top-level modules that the Python side imports, and what pip calls the packages that bring them. */
export const NEEDED_MODULES: Readonly<Record<string, string>> = {
  torch: "'torch>=2.9'",
  numpy: 'numpy',
  scipy: 'scipy',
  zmq: 'pyzmq',
};

const PROBE = `import importlib.util, json, sys
missing = [name for name in sys.argv[1:] if importlib.util.find_spec(name) is None]
print(json.dumps({"version": list(sys.version_info[:3]), "missing": missing}))`;
const PROBE_TIMEOUT_MS = 60_000;
const OLDEST_MINOR = 10;

/** An interpreter that the user named. `origin` says where, for messages: "PIPELINE_PYTHON" or "python:". */
export type NamedInterpreter = Readonly<{
  name: string;
  origin: string;
  environment: Environment;
  cacheFolder: string;
}>;

/**
 * Uses somebody's own Python as it is: nothing is installed into it, and no version of torch is asked for, so that
 * a vendor's image, a module system or conda can bring theirs. It is asked once what it has; a good answer is kept
 * until the file or the module search path changes, a bad one is never kept.
 */
export async function useInterpreter(
  named: NamedInterpreter,
): Promise<Result<Readonly<{executable: string; origin: string}>, Failure>> {
  const {name, origin, environment, cacheFolder} = named;
  const executable = isAbsolute(name) || name.includes('/') ? name : findOnPath(name, environment);
  const stamp = executable === null ? null : stampOf(executable, environment);
  if (executable === null || stamp === null) {
    return failure(`${origin} names ${name}, which is not there`, `mend the path, or ${leaveItOut(origin)}`);
  }
  const note = join(
    cacheFolder,
    'interpreters',
    `${createHash('sha256').update(executable).digest('hex')}.json`,
  );
  if (readNote(note) === stamp) return ok({executable, origin});
  const problem = await problemOf(executable, named);
  if (problem !== null) return err(problem);
  writeNote(note, stamp);
  return ok({executable, origin});
}

async function problemOf(
  executable: string,
  {origin, environment}: NamedInterpreter,
): Promise<Failure | null> {
  const {stdout, stderr, failed, originalMessage} = await execa(
    executable,
    ['-c', PROBE, ...Object.keys(NEEDED_MODULES)],
    {
      env: environment,
      extendEnv: false,
      reject: false,
      timeout: PROBE_TIMEOUT_MS,
      stdin: 'ignore',
    },
  );
  const answer = readAnswer(stdout);
  if (failed || answer === null) {
    const lines = stderr.trim().split('\n');
    const said = lines.find((line) => /Error/.test(line)) ?? (lines[0] || originalMessage || '');
    const message = `${origin} names ${executable}, which does not work as Python 3${said && `: ${said}`}`;
    return {reason: 'environment', message, hint: `name another, or ${leaveItOut(origin)}`};
  }
  const version = answer.version.join('.');
  if (answer.version[0] !== 3 || answer.version[1]! < OLDEST_MINOR) {
    const message = `${origin} names ${executable}, which is Python ${version}; 3.${OLDEST_MINOR} or newer is needed`;
    return {reason: 'environment', message, hint: `name another, or ${leaveItOut(origin)}`};
  }
  if (answer.missing.length === 0) return null;
  const packages = answer.missing.map((module) => NEEDED_MODULES[module]).join(' ');
  return {
    reason: 'environment',
    message: `${origin} names ${executable} (Python ${version}), which lacks ${answer.missing.join(', ')}`,
    hint: `${executable} -m pip install ${packages}; or ${leaveItOut(origin)}`,
  };
}

function leaveItOut(origin: string): string {
  return `leave ${origin} out: the pipeline then makes an environment of its own`;
}

function failure(message: string, hint: string): Result<never, Failure> {
  return err({reason: 'environment', message, hint});
}

function readAnswer(
  stdout: string,
): Readonly<{version: readonly number[]; missing: readonly string[]}> | null {
  try {
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
  } catch {
    return null;
  }
}

/** @returns null when there is no such file. */
function stampOf(executable: string, environment: Environment): string | null {
  const stat = statSync(executable, {throwIfNoEntry: false});
  if (!stat?.isFile()) return null;
  return JSON.stringify([executable, stat.mtimeMs, stat.size, environment['PYTHONPATH'] ?? null]);
}

function readNote(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function writeNote(path: string, text: string): void {
  try {
    mkdirSync(join(path, '..'), {recursive: true});
    writeFileSync(`${path}.${process.pid}.tmp`, text);
    renameSync(`${path}.${process.pid}.tmp`, path);
  } catch {
    // A read-only cache folder only means that the interpreter is asked again next time.
  }
}
