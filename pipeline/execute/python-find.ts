import {execa} from 'execa';
import type {Failure} from '../model/failure.js';
import {err, ok, type Result} from '../model/result.js';
import {type Environment, findOnPath, PYTHON_MINORS} from './python-pins.js';

/** A Python that an environment can be made of. */
export type BasePython = Readonly<{executable: string; version: string; minor: number}>;

const PROBE = `import sys, sysconfig
print(*sys.version_info[:3], int(bool(sysconfig.get_config_var("Py_GIL_DISABLED"))))
import venv, ensurepip`;
const PROBE_TIMEOUT_MS = 20_000;
const RANGE = '3.10 to 3.13';
const HINT =
  'on Debian or Ubuntu: apt install python3 python3-venv; or set PIPELINE_PYTHON to a Python that has torch, numpy, scipy and pyzmq';

/** The user's own `python3` if it will do, else the first numbered one on the PATH that does. */
export async function findPython(environment: Environment): Promise<Result<BasePython, Failure>> {
  const rejected: string[] = [];
  for (const name of ['python3', ...PYTHON_MINORS.map((minor) => `python3.${minor}`)]) {
    const executable = findOnPath(name, environment);
    if (executable === null) continue;
    const probed = await probe(executable, environment);
    if (probed.ok) return probed;
    rejected.push(`${executable} ${probed.error}`);
  }
  const found = rejected.length === 0 ? 'there is no python3 on the PATH' : rejected.join('; ');
  return err({reason: 'environment', message: `No Python ${RANGE} that works: ${found}`, hint: HINT});
}

async function probe(executable: string, environment: Environment): Promise<Result<BasePython, string>> {
  const {exitCode, stdout, stderr} = await execa(executable, ['-I', '-c', PROBE], {
    env: environment,
    extendEnv: false,
    reject: false,
    timeout: PROBE_TIMEOUT_MS,
    stdin: 'ignore',
  });
  const match = /^(\d+) (\d+) (\d+) ([01])/.exec(stdout);
  if (match === null) return err('does not start');
  const [major, minor, micro, free] = match.slice(1).map(Number);
  const version = `${major}.${minor}.${micro}`;
  if (major !== 3 || !PYTHON_MINORS.some((known) => known === minor)) return err(`is Python ${version}`);
  if (free === 1) return err(`is the free-threaded build of Python ${version}`);
  if (exitCode !== 0) {
    const missing = /No module named '(\w+)'/.exec(stderr)?.[1];
    return err(missing === undefined ? 'cannot make environments' : `lacks the module ${missing}`);
  }
  return ok({executable, version, minor: minor!});
}
