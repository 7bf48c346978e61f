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
import {checkSurveyed, type SurveyedAccelerator} from './supports.js';

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
const SURVEY = 'chexnet.accelerators.survey';

/** Which Python the stages would run in, whether it is ready, and what PyTorch in it can use. Installs nothing. */
export async function checkPython(question: PythonQuestion): Promise<readonly Check[]> {
  const python = await currentPython(question);
  if ('status' in python) return [python, ...olderEnvironments(question)];
  const found = good('python', `${python.executable} (${python.origin})`);
  return [found, ...(await checkTorch(python, question)), ...olderEnvironments(question)];
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

async function checkTorch(
  {executable}: Python,
  {environment, signal, sourceFolder}: PythonQuestion,
): Promise<readonly Check[]> {
  const {failed, stdout, stderr} = await execa(executable, ['-m', SURVEY], {
    env: {...environment, PYTHONPATH: sourceFolder},
    extendEnv: false,
    reject: false,
    timeout: TORCH_TIMEOUT_MS,
    cancelSignal: signal,
    stdin: 'ignore',
  });
  if (failed) {
    const said = stderr.trim().split('\n').at(-1) ?? '';
    return [missing('torch', `does not import: ${said}`, `try: ${executable} -c 'import torch'`)];
  }
  const {version, cuda, accelerators} = JSON.parse(stdout.trim().split('\n').at(-1)!) as TorchFacts;
  const where = accelerators.map(({name}) => name).join(', ');
  const detail = `torch ${version}${cuda === null ? '' : ` (CUDA ${cuda})`}: ${where}`;
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_TORCH;
  const isTested = major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
  const advice = `the pipeline is tested with torch ${OLDEST_TORCH.join('.')} and newer`;
  const torch = isTested ? good('torch', detail) : warning('torch', detail, advice);
  return [torch, ...accelerators.map(checkSurveyed)];
}

type TorchFacts = Readonly<{
  version: string;
  cuda: string | null;
  accelerators: readonly SurveyedAccelerator[];
}>;

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
