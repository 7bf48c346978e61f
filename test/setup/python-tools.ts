import {createHash} from 'node:crypto';
import {existsSync, readFileSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import {delimiter, join} from 'node:path';
import {execa} from 'execa';
import {preparePython, pythonCacheFolder} from '../../pipeline/execute/python-environment.js';
import {ROOT} from '../rig.js';
import {PYTHON_SOURCE} from './folders.js';

/** The pipeline's own Python, and an environment in which it also finds pytest, ruff, mypy and the oracles. */
export type TestPython = Readonly<{executable: string; env: Readonly<Record<string, string | undefined>>}>;

/** Quick once all is there. Makes what is missing: the Python environment itself and, beside it, the pinned tools in build/python-tools. */
export async function prepareTestPython(): Promise<TestPython> {
  const {env} = process;
  const python = await preparePython({
    configured: null,
    environment: env,
    cacheFolder: pythonCacheFolder(env),
    sourceFolder: PYTHON_SOURCE,
    onProgress: (text) => console.error(text),
    signal: new AbortController().signal,
  });
  if (!python.ok) {
    throw new Error('message' in python.error ? python.error.message : JSON.stringify(python.error));
  }
  const {executable} = python.value;
  const tools = await installTools(executable);
  const PYTHONPATH = [tools, env['PYTHONPATH']].filter((path) => path).join(delimiter);
  return {executable, env: {...env, PYTHONPATH}};
}

/** The tools use the numpy, scipy and torch of the environment: `--target` with `--no-deps` leaves it as it is. */
async function installTools(executable: string): Promise<string> {
  const requirements = join(PYTHON_SOURCE, 'requirements', 'dev.txt');
  const wanted = createHash('sha256').update(executable).update(readFileSync(requirements)).digest('hex');
  const folder = join(ROOT, 'build', 'python-tools');
  const marker = join(folder, '.digest');
  if (existsSync(marker) && readFileSync(marker, 'utf8') === wanted) return folder;
  console.error(
    'installing the tools of the checks and tests (pytest, ruff, mypy, Pillow, OpenCV, scikit-learn)',
  );
  const partial = `${folder}.${process.pid}.tmp`;
  rmSync(partial, {recursive: true, force: true});
  const options = [
    '--target',
    partial,
    '--require-hashes',
    '--no-deps',
    '--only-binary=:all:',
    '--no-compile',
  ];
  const quietly = ['-qq', '--no-input', '--progress-bar=off', '--disable-pip-version-check'];
  await execa(executable, ['-I', '-m', 'pip', 'install', ...options, ...quietly, '-r', requirements], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  writeFileSync(join(partial, '.digest'), wanted);
  rmSync(folder, {recursive: true, force: true});
  renameSync(partial, folder);
  return folder;
}
