import {createHash} from 'node:crypto';
import {existsSync, readFileSync} from 'node:fs';
import {delimiter, join} from 'node:path';

/** A hash-pinned set of packages that the embedded environment can be made of. */
export type PythonSet = Readonly<{
  name: 'cpu' | 'default';
  /** The requirements file, absolute. */
  path: string;
  text: string;
  /** For people: "torch 2.13.0, CPU build". */
  description: string;
  /** About this much on disk once installed. */
  gigabytes: number;
}>;

/** Of Python 3: the minor versions that the sets are pinned for, the best tried first. */
export const PYTHON_MINORS = [12, 11, 13, 10] as const;

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The sets to try, in order. Without an NVIDIA GPU the CPU build comes first; pip finds it only where a CPU wheel or
 * index is configured. `PIP_FIND_LINKS` set to nothing asks for the registry's files alone. pip itself passes over
 * empty variables, so this has to be honoured here.
 */
export function pythonSets(requirements: string, environment: Environment): readonly PythonSet[] {
  const withoutCpu = hasNvidiaGpu(environment) || environment['PIP_FIND_LINKS'] === '';
  return everyPythonSet(requirements).filter(({name}) => name === 'default' || !withoutCpu);
}

export function everyPythonSet(requirements: string): readonly PythonSet[] {
  return (['cpu', 'default'] as const).map((name) => readSet(requirements, name));
}

function readSet(requirements: string, name: PythonSet['name']): PythonSet {
  const path = join(requirements, `${name}.txt`);
  const text = readFileSync(path, 'utf8');
  const torch = /^torch===?(\d[\w.]*)/m.exec(text)?.[1];
  const build = name === 'cpu' ? 'CPU build' : 'CUDA build';
  return {
    name,
    path,
    text,
    description: torch === undefined ? `the ${name} set` : `torch ${torch} ${build}`,
    gigabytes: name === 'cpu' ? 1 : 5,
  };
}

/** `python-<16 hexadecimal digits>`: other pins or another Python give another folder, older ones are left alone. */
export function environmentName(set: PythonSet, minor: number): string {
  const digest = createHash('sha256').update(`python 3.${minor}\n${set.text}`).digest('hex');
  return `python-${digest.slice(0, 16)}`;
}

export function hasNvidiaGpu(environment: Environment): boolean {
  return existsSync('/dev/nvidiactl') || findOnPath('nvidia-smi', environment) !== null;
}

/** @returns the absolute path of the first such file on the PATH; whether it can be executed shows when it is. */
export function findOnPath(name: string, environment: Environment): string | null {
  for (const folder of (environment['PATH'] ?? '').split(delimiter)) {
    if (folder === '') continue;
    const path = join(folder, name);
    if (existsSync(path)) return path;
  }
  return null;
}
