import {createHash} from 'node:crypto';
import {existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import type {PythonRequest} from '../../pipeline/execute/python-environment.js';
import {takeKernelLock} from '../../pipeline/store/kernel-lock.js';

/** Folders for one test: pins, the wheels that pip is told of, and where environments are made. */
export type TinySets = Readonly<{
  sourceFolder: string;
  cacheFolder: string;
  wheels: string;
  request: PythonRequest;
}>;

const WHEEL = `import sys, zipfile
path, version = sys.argv[1:]
info = f"tinyset-{version}.dist-info"
with zipfile.ZipFile(path, "w") as wheel:
    for module in ("torch", "numpy", "scipy", "zmq"):
        wheel.writestr(f"{module}/__init__.py", f"version = {version!r}\\n")
    wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\\nName: tinyset\\nVersion: {version}\\n")
    wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    wheel.writestr(f"{info}/RECORD", "")`;

/**
 * Pins for a real pip that take a moment to install: one wheel per set, which holds empty modules of the real names.
 * The folders are removed after the body.
 * @param offered - The sets whose wheel pip can find.
 */
export async function withTinySets(
  offered: readonly ('cpu' | 'default')[],
  body: (sets: TinySets) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'python-'));
  try {
    await body(await writeTinySets(folder, offered));
  } finally {
    await compilationsOf(join(folder, 'cache'));
    rmSync(folder, {recursive: true, force: true, maxRetries: 3});
  }
}

/** Waits for what still compiles in the background, which would write into the folders while they are removed. */
async function compilationsOf(cacheFolder: string): Promise<void> {
  if (!existsSync(cacheFolder)) return;
  for (const name of readdirSync(cacheFolder).filter((name) => name.startsWith('environment-'))) {
    const path = join(cacheFolder, name, 'ready.json');
    await takeKernelLock({path, wait: true, signal: new AbortController().signal});
  }
}

async function writeTinySets(folder: string, offered: readonly string[]): Promise<TinySets> {
  const [sourceFolder, cacheFolder, wheels] = ['py', 'cache', 'wheels'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const unoffered = join(folder, 'elsewhere');
  for (const path of [join(sourceFolder, 'requirements'), wheels, unoffered])
    mkdirSync(path, {recursive: true});
  for (const name of ['cpu', 'default'] as const) {
    const version = name === 'cpu' ? '1.0+cpu' : '1.0';
    const wheel = join(offered.includes(name) ? wheels : unoffered, `tinyset-${version}-py3-none-any.whl`);
    await execa('python3', ['-c', WHEEL, wheel, version]);
    const digest = createHash('sha256').update(readFileSync(wheel)).digest('hex');
    const pin = `tinyset===${version} --hash=sha256:${digest}\n`;
    writeFileSync(join(sourceFolder, 'requirements', `${name}.txt`), pin);
  }
  return {
    sourceFolder,
    cacheFolder,
    wheels,
    request: {
      configured: null,
      environment: {...process.env, PIP_CONFIG_FILE: '/dev/null', PIP_NO_INDEX: '1', PIP_FIND_LINKS: wheels},
      cacheFolder,
      sourceFolder,
      onProgress: () => undefined,
      signal: new AbortController().signal,
    },
  };
}
