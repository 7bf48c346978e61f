import {existsSync} from 'node:fs';
import {execa} from 'execa';
import {type Environment, findOnPath} from '../execute/python-pins.js';
import {type Check, good, warning} from './check.js';

const TIMEOUT_MS = 20_000;
const NVIDIA_QUERY = ['--query-gpu=name,memory.total,driver_version', '--format=csv,noheader'];

/** Drivers of accelerators; that none is there is no fault. Whether PyTorch can use them is checked with Python. */
export async function checkAccelerators(environment: Environment): Promise<readonly Check[]> {
  return await Promise.all([checkNvidia(environment), checkGaudi(environment)]);
}

async function checkNvidia(environment: Environment): Promise<Check> {
  const tool = findOnPath('nvidia-smi', environment);
  const device = existsSync('/dev/nvidiactl');
  if (tool === null && !device) return good('nvidia', 'no NVIDIA GPU; training runs on the processor');
  if (tool === null) return warning('nvidia', 'a GPU but no nvidia-smi', 'install the driver’s utilities');
  const lines = await ask(tool, NVIDIA_QUERY, environment);
  if (lines !== null) return good('nvidia', lines.join('; '));
  return warning('nvidia', 'nvidia-smi does not answer', 'is the driver loaded? Try nvidia-smi by hand');
}

async function checkGaudi(environment: Environment): Promise<Check> {
  const tool = findOnPath('hl-smi', environment);
  const device = existsSync('/dev/accel/accel0') || existsSync('/dev/hl0');
  if (tool === null && !device) return good('gaudi', 'no Intel Gaudi');
  if (tool === null) return warning('gaudi', 'a Gaudi but no hl-smi', 'install Intel Gaudi’s driver package');
  const lines = await ask(tool, ['-Q', 'name,driver_version', '-f', 'csv,noheader'], environment);
  if (lines !== null) return good('gaudi', lines.join('; '));
  return warning('gaudi', 'hl-smi does not answer', 'is the driver loaded? Try hl-smi by hand');
}

async function ask(
  file: string,
  args: readonly string[],
  environment: Environment,
): Promise<readonly string[] | null> {
  const {failed, stdout} = await execa(file, args, {
    env: environment,
    extendEnv: false,
    reject: false,
    timeout: TIMEOUT_MS,
    stdin: 'ignore',
  });
  return failed ? null : stdout.trim().split('\n');
}
