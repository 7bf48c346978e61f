import {execa} from 'execa';
import type {Failure} from '../model/failure.js';
import {err, ok, type Result} from '../model/result.js';
import {NEEDED_MODULES} from './python-interpreter.js';
import type {Environment, PythonSet} from './python-pins.js';

export type Installation = Readonly<{
  /** Where to, absolute. */
  folder: string;
  environment: Environment;
  onProgress(text: string): void;
  signal: AbortSignal;
}>;

/** `not-offered`: no index or folder that pip was told of has this set for this platform and Python. */
export type InstallError = 'not-offered' | Failure;

export const INTERRUPTED: Failure = {
  reason: 'environment',
  message: 'Setting up Python was interrupted',
  hint: 'the next run does it anew',
};

// pip ends with us, even by SIGKILL, where the kernel can do that (PR_SET_PDEATHSIG).
const RUN_PIP = `import ctypes, runpy, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, 9)
runpy.run_module("pip", run_name="__main__", alter_sys=True)`;
const PIP = ['-I', '-c', RUN_PIP, 'install', '--require-hashes', '--no-deps', '--only-binary=:all:'];
// Compiling to byte code is most of the time of an installation: it is done in the background later.
const PIP_QUIETLY = ['--no-compile', '--no-input', '--progress-bar=off', '--disable-pip-version-check'];
// What would send the packages elsewhere than into the environment. Every other PIP_ variable holds.
const ELSEWHERE = ['PIP_TARGET', 'PIP_PREFIX', 'PIP_ROOT', 'PIP_USER', 'PYTHONHOME'];
const NOT_OFFERED = /No matching distribution found|Could not find a version that satisfies/;
const OTHER_FILE = /DO NOT MATCH THE HASHES/;
const TAIL_LINES = 12;
const KILL_DELAY_MS = 2000;

/** Makes the folder an environment with nothing in it but pip. `base`: the Python to make it of, absolute. */
export async function makeVenv(installation: Installation, base: string): Promise<Result<null, Failure>> {
  const made = await start(installation, base, ['-I', '-m', 'venv', installation.folder]);
  if (made.exitCode === 0) return ok(null);
  return err(installFailure(installation, made, 'Making a Python environment failed'));
}

/** Installs a pinned set with pip, and tries whether it can be imported. What is not offered leaves no trace. */
export async function installSet(
  installation: Installation,
  set: PythonSet,
): Promise<Result<null, InstallError>> {
  const python = `${installation.folder}/bin/python`;
  const installed = await start(installation, python, [...PIP, ...PIP_QUIETLY, '-r', set.path]);
  if (installed.exitCode !== 0) {
    const text = installed.lines.join('\n');
    // A CPU wheel that is not the pinned one is as good as none: the default set has digests of its own.
    const notOffered = NOT_OFFERED.test(text) || (set.name === 'cpu' && OTHER_FILE.test(text));
    if (notOffered && !installation.signal.aborted) return err('not-offered');
    return err(installFailure(installation, installed, `Installing ${set.description} failed`));
  }
  installation.onProgress('trying out the Python packages');
  const imports = Object.keys(NEEDED_MODULES).join(', ');
  const tried = await start(installation, python, ['-I', '-c', `import ${imports}`]);
  if (tried.exitCode === 0) return ok(null);
  return err(installFailure(installation, tried, 'The installed Python packages do not work'));
}

type Ended = Readonly<{exitCode: number | null; lines: readonly string[]}>;

async function start(installation: Installation, file: string, args: readonly string[]): Promise<Ended> {
  const lines: string[] = [];
  const {environment, signal} = installation;
  const {exitCode, originalMessage} = await execa(file, args, {
    env: withoutElsewhere(environment),
    extendEnv: false,
    reject: false,
    cancelSignal: signal,
    forceKillAfterDelay: KILL_DELAY_MS,
    stdin: 'ignore',
    all: true,
    stdout: function* (line: unknown) {
      const progress = progressOf(String(line));
      if (progress !== null) installation.onProgress(progress);
      lines.push(String(line));
      yield line;
    },
    stderr: function* (line: unknown) {
      lines.push(String(line));
      yield line;
    },
  });
  if (lines.length === 0 && originalMessage) lines.push(originalMessage);
  return {exitCode: exitCode ?? null, lines};
}

function withoutElsewhere(environment: Environment): Record<string, string | undefined> {
  const kept = {...environment};
  for (const name of ELSEWHERE) delete kept[name];
  return kept;
}

/** @returns null for the lines of pip that say nothing to somebody who waits. */
function progressOf(line: string): string | null {
  const download = /^\s*Downloading (?:.*\/)?([^\s/]+?)-(\d[^\s-]*)-\S+ \(([\d.]+ [MG]B)\)/.exec(line);
  if (download !== null) return `downloading ${download[1]} ${download[2]} (${download[3]})`;
  const packages = /^Installing collected packages: (.*)/.exec(line)?.[1];
  return packages === undefined ? null : `unpacking ${packages.split(', ').length} Python packages`;
}

function installFailure(installation: Installation, {lines}: Ended, message: string): Failure {
  const text = lines.join('\n');
  if (installation.signal.aborted) return INTERRUPTED;
  const code = /No space left on device|Errno 28/.test(text) ? 'ENOSPC' : null;
  if (code !== null) {
    const room = 'free some space (pip also needs TMPDIR), or put it elsewhere with XDG_CACHE_HOME';
    return {
      reason: 'system',
      code,
      path: installation.folder,
      message: `${message}: the disk is full`,
      hint: room,
    };
  }
  const errors = lines.filter((line) => /^\s*(ERROR|\w*Error)/.test(line)).slice(-TAIL_LINES);
  const said = (errors.length > 0 ? errors : lines.slice(-TAIL_LINES))
    .map((line) => line.trim())
    .join('\n  ');
  return {reason: 'environment', message: `${message}:\n  ${said}`, hint: hintFor(text)};
}

function hintFor(text: string): string {
  if (OTHER_FILE.test(text))
    return 'a package is not the pinned file: an index or proxy in between has another';
  if (/ensurepip/.test(text)) return 'on Debian or Ubuntu: apt install python3-venv';
  return 'pip needs a package index (PIP_INDEX_URL, PIP_FIND_LINKS, HTTPS_PROXY are honoured); or set PIPELINE_PYTHON to a Python that has torch, numpy, scipy and pyzmq';
}
