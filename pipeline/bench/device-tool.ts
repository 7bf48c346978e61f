import {execa} from 'execa';
import {type Environment, findOnPath} from '../execute/python-pins.js';
import type {BenchRecord} from './record.js';

/** The tools that come with the drivers of accelerators; other devices tell neither their driver nor their power. */
const TOOLS: Readonly<Record<string, {file: string; query(field: string): readonly string[]}>> = {
  cuda: {file: 'nvidia-smi', query: (field) => [`--query-gpu=${field}`, '--format=csv,noheader,nounits']},
  hpu: {file: 'hl-smi', query: (field) => ['-Q', field, '-f', 'csv,noheader,nounits']},
};

const TIMEOUT_MS = 10_000;

/** @param device - As a training names it. @returns null when nothing tells it. */
export async function readDriver(device: string, environment: Environment): Promise<string | null> {
  return (await ask(device, 'driver_version', environment))?.[0] ?? null;
}

/** Samples what the first `devices` of the visible ones draw. */
export type PowerMeter = Readonly<{
  /** @returns what was drawn until now; undefined when nothing told it. */
  read(): BenchRecord['energy'];
  stop(): void;
}>;

export function startPowerMeter(
  of: Readonly<{device: string; devices: number; everyMs: number}>,
  environment: Environment,
): PowerMeter {
  const watts: number[] = [];
  const begun = performance.now();
  let isAsking = false;
  const sample = async (): Promise<void> => {
    if (isAsking) return;
    isAsking = true;
    const lines = await ask(of.device, 'power.draw', environment);
    const values = (lines ?? []).slice(0, of.devices).map(Number.parseFloat);
    if (values.length === of.devices && values.every(Number.isFinite))
      watts.push(values.reduce((total, value) => total + value, 0));
    isAsking = false;
  };
  const timer = TOOLS[of.device] === undefined ? null : setInterval(() => void sample(), of.everyMs);
  timer?.unref();
  return {
    stop: () => clearInterval(timer ?? undefined),
    read: () => {
      if (watts.length === 0) return undefined;
      const mean = watts.reduce((total, value) => total + value, 0) / watts.length;
      const joules = mean * ((performance.now() - begun) / 1000);
      const source = `${TOOLS[of.device]!.file} power.draw, every ${of.everyMs / 1000} s`;
      return {
        joules: Number(joules.toPrecision(4)),
        mean_watts: Number(mean.toPrecision(4)),
        samples: watts.length,
        source,
      };
    },
  };
}

/** A line for each visible device; null when there is no answer. */
async function ask(
  device: string,
  field: string,
  environment: Environment,
): Promise<readonly string[] | null> {
  const tool = TOOLS[device];
  const file = tool === undefined ? null : findOnPath(tool.file, environment);
  if (tool === undefined || file === null) return null;
  const visible = device === 'cuda' ? (environment['CUDA_VISIBLE_DEVICES'] ?? '') : '';
  const {failed, stdout} = await execa(
    file,
    [...tool.query(field), ...(visible === '' ? [] : ['-i', visible])],
    {
      env: environment,
      extendEnv: false,
      reject: false,
      timeout: TIMEOUT_MS,
      stdin: 'ignore',
    },
  );
  return failed ? null : stdout.trim().split('\n');
}
