import {existsSync, readdirSync, readlinkSync} from 'node:fs';
import {join} from 'node:path';
import {execa} from 'execa';
import {findReadyPython, type Python, preparePython} from '../execute/python-environment.js';
import {findPython} from '../execute/python-find.js';
import {
  type Environment,
  environmentName,
  everyPythonSet,
  PYTHON_MINORS,
  pythonSets,
} from '../execute/python-pins.js';
import type {Failure} from '../model/failure.js';
import {listWords} from '../model/words.js';
import {type Check, good, missing, warning} from './check.js';

export type PythonQuestion = Readonly<{
  /** `python:` of a configuration; null when none was named. */
  configured: string | null;
  environment: Environment;
  cacheFolder: string;
  /** The folder `py/`, absolute. */
  sourceFolder: string;
  signal: AbortSignal;
}>;

const OLDEST_TORCH = [2, 9] as const;
const TORCH_TIMEOUT_MS = 120_000;
const LOOK = `import importlib.util, json, torch
devices = []
if torch.cuda.is_available():
    devices += [f"cuda: {torch.cuda.get_device_name(index)}" for index in range(torch.cuda.device_count())]
if importlib.util.find_spec("habana_frameworks"):
    import habana_frameworks.torch.hpu as hpu
    devices += [f"hpu: {hpu.get_device_name()}"] * hpu.device_count()
print(json.dumps({"version": torch.__version__, "cuda": torch.version.cuda, "devices": devices}))`;

/** Which Python the stages would run in, whether it is ready, and what PyTorch in it can use. Installs nothing. */
export async function checkPython(question: PythonQuestion): Promise<readonly Check[]> {
  const python = await currentPython(question);
  if ('status' in python) return [python, ...olderEnvironments(question)];
  const found = good('python', `${python.executable} (${python.origin})`);
  return [found, await checkTorch(python, question), ...olderEnvironments(question)];
}

async function currentPython(question: PythonQuestion): Promise<Python | Check> {
  const {configured, environment, cacheFolder, sourceFolder} = question;
  if ((configured ?? environment['PIPELINE_PYTHON'] ?? '') !== '') {
    const used = await preparePython({...question, onProgress: () => undefined});
    return used.ok ? used.value : asCheck(used.error);
  }
  const sets = pythonSets(join(sourceFolder, 'requirements'), environment);
  const ready = findReadyPython(cacheFolder, sets);
  if (ready !== null) return ready;
  const base = await findPython(environment);
  if (!base.ok) return asCheck(base.error);
  const {description, gigabytes} = sets[0]!;
  const {executable, version} = base.value;
  const made = `the first run makes an environment (${description}, about ${gigabytes} GB in ${cacheFolder})`;
  return good('python', `${executable} (Python ${version}); ${made}`);
}

function asCheck(failure: Failure): Check {
  if (failure.reason === 'environment') return missing('python', failure.message, failure.hint);
  throw new Error(`Internal error: looking for Python ended with ${JSON.stringify(failure)}`);
}

async function checkTorch({executable}: Python, {environment, signal}: PythonQuestion): Promise<Check> {
  const {failed, stdout, stderr} = await execa(executable, ['-c', LOOK], {
    env: environment,
    extendEnv: false,
    reject: false,
    timeout: TORCH_TIMEOUT_MS,
    cancelSignal: signal,
    stdin: 'ignore',
  });
  if (failed) {
    const said = stderr.trim().split('\n').at(-1) ?? '';
    return missing('torch', `does not import: ${said}`, `try: ${executable} -c 'import torch'`);
  }
  const {version, cuda, devices} = JSON.parse(stdout.trim().split('\n').at(-1)!) as TorchFacts;
  const where = devices.length === 0 ? 'cpu' : devices.join(', ');
  const detail = `torch ${version}${cuda === null ? '' : ` (CUDA ${cuda})`}: ${where}`;
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_TORCH;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return good('torch', detail);
  return warning('torch', detail, `the pipeline is tested with torch ${OLDEST_TORCH.join('.')} and newer`);
}

type TorchFacts = Readonly<{version: string; cuda: string | null; devices: readonly string[]}>;

/** Environments of other pins are left alone, since another checkout may use them; but they are large. */
function olderEnvironments({cacheFolder, sourceFolder}: PythonQuestion): readonly Check[] {
  if (!existsSync(cacheFolder)) return [];
  const current = new Set<string>();
  for (const set of everyPythonSet(join(sourceFolder, 'requirements'))) {
    for (const minor of PYTHON_MINORS) current.add(environmentName(set, minor));
  }
  const older = readdirSync(cacheFolder).filter(
    (name) => /^python-[0-9a-f]{16}$/.test(name) && !current.has(name),
  );
  if (older.length === 0) return [];
  const folders = older.flatMap((name) => [name, readlinkSync(join(cacheFolder, name))]);
  const remove = folders.map((name) => join(cacheFolder, name)).join(' ');
  return [warning('old pythons', listWords(older), `if no other checkout needs them: rm -r ${remove}`)];
}
