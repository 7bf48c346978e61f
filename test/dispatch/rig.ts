import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {setTimeout as delay} from 'node:timers/promises';
import {findAgent, killAgent} from '../../pipeline/dispatch/agent-process.js';
import {runJob} from '../../pipeline/dispatch/driver.js';
import {
  DEFAULT_LIMITS,
  type JobLimits,
  type JobRequest,
  type JobResult,
} from '../../pipeline/dispatch/job-request.js';
import type {Place} from '../../pipeline/dispatch/place.js';
import {preparePython, pythonCacheFolder} from '../../pipeline/execute/python-environment.js';
import type {JobEvent} from '../../pipeline/model/job-event.js';
import type {JsonObject} from '../../pipeline/model/json.js';
import {ROOT} from '../rig.js';

const PYTHON_SOURCE = join(ROOT, 'py');
export const JOBS = join(ROOT, 'test', 'dispatch', 'jobs');

/** The interpreter that the pipeline itself would use. */
export async function testPython(): Promise<string> {
  const python = await preparePython({
    configured: null,
    environment: process.env,
    cacheFolder: pythonCacheFolder(process.env),
    sourceFolder: PYTHON_SOURCE,
    onProgress: () => {},
    signal: new AbortController().signal,
  });
  if (!python.ok) throw new Error(JSON.stringify(python.error));
  return python.value.executable;
}

/** A step of test/dispatch/jobs/scripted_job.py. */
export type Step = JsonObject & Readonly<{do: string}>;

export type JobOptions = Readonly<{
  ranks?: number;
  torchrun?: boolean;
  after?: number;
  reuseFinished?: boolean;
  timeoutMs?: number;
  signal?: AbortSignal;
  kill?: AbortSignal;
  limits?: Partial<JobLimits>;
  environment?: Readonly<Record<string, string>>;
  place?: Place;
  onEvent?: (seq: number, event: JobEvent) => void;
}>;

export type Outcome = Readonly<{
  result: JobResult;
  events: readonly (readonly [number, JobEvent])[];
  notes: readonly string[];
}>;

/** A job folder and the ways to run scripted jobs in it. */
export type JobFolder = Readonly<{
  /** Absolute; job/ in it is the job's folder. */
  folder: string;
  dir: string;
  python: string;
  path(name: string): string;
  request(steps: readonly Step[], options?: JobOptions): JobRequest;
  run(steps: readonly Step[], options?: JobOptions): Promise<Outcome>;
}>;

export async function withJobFolder(body: (job: JobFolder) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'pipeline-job-'));
  try {
    await body(jobFolderIn(folder, await testPython()));
  } finally {
    // A job without a driver goes on; its ranks die with its agent.
    const agent = findAgent(join(folder, 'job'));
    if (agent !== null) await killAgent(agent);
    rmSync(folder, {recursive: true, force: true, maxRetries: 3});
  }
}

export function jobFolderIn(folder: string, python: string): JobFolder {
  const dir = join(folder, 'job');
  const request: JobFolder['request'] = (steps, options = {}) => ({
    ...{python, dir, sourceFolder: PYTHON_SOURCE, job: 'test-job'},
    launch: {
      module: 'scripted_job',
      ranks: options.ranks ?? 1,
      torchrun: options.torchrun ?? false,
      arguments: {steps: [...steps]},
      environment: {},
    },
    environment: {...process.env, PYTHONPATH: JOBS, ...options.environment},
    place: options.place ?? {where: 'here'},
    after: options.after ?? 0,
    reuseFinished: options.reuseFinished ?? false,
    timeoutMs: options.timeoutMs ?? null,
    signal: options.signal ?? new AbortController().signal,
    kill: options.kill ?? new AbortController().signal,
    limits: {...DEFAULT_LIMITS, ...options.limits},
    beforeAttempt: () => {},
    onEvent: options.onEvent ?? (() => {}),
    onNote: () => {},
  });
  const run: JobFolder['run'] = async (steps, options = {}) => {
    const events: (readonly [number, JobEvent])[] = [];
    const notes: string[] = [];
    const onEvent = (seq: number, event: JobEvent) => {
      events.push([seq, event]);
      options.onEvent?.(seq, event);
    };
    const onNote = (_: string, text: string) => notes.push(text);
    const result = await runJob({...request(steps, options), onEvent, onNote});
    return {result, events, notes};
  };
  return {folder, dir, python, path: (name) => join(folder, name), request, run};
}

/** Looks until it is so; for what only another process can bring about. */
export async function until(holds: () => boolean, what: string, withinMs = 20_000): Promise<void> {
  for (const end = Date.now() + withinMs; !holds(); await delay(10)) {
    if (Date.now() > end) throw new Error(`waited ${withinMs} ms in vain until ${what}`);
  }
}

/** Pids of the processes of a job: whatever carries its journal in its environment. */
export function processesOf(dir: string): readonly number[] {
  const entry = `CHEXNET_JOURNAL=${join(dir, 'journal.ndjson')}`;
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(entry);
    } catch {
      return false;
    }
  });
}

/** A driver in a process of its own; `line` waits for a line of its output that satisfies. */
export type DriverProcess = Readonly<{
  pid: number;
  line(satisfies: (line: string) => boolean): Promise<string>;
  killed(): Promise<void>;
  result(): Promise<JobResult>;
}>;

export function startDriver(
  job: JobFolder,
  order: {record: string; steps: readonly Step[]; options?: JobOptions; prefix?: readonly string[]},
): DriverProcess {
  const {record, steps, options = {}, prefix = []} = order;
  const file = `${record}.order.json`;
  mkdirSync(job.folder, {recursive: true});
  writeFileSync(file, JSON.stringify({folder: job.folder, python: job.python, record, steps, options}));
  const words = [...prefix, process.execPath, join(import.meta.dirname, 'driver-process.js'), file];
  const child = spawn(words[0]!, words.slice(1), {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({input: child.stdout});
  const ended = once(child, 'exit');
  const seen: string[] = [];
  lines.on('line', (text) => seen.push(text));
  const line: DriverProcess['line'] = (satisfies) =>
    new Promise((resolve, reject) => {
      const early = seen.find(satisfies);
      if (early !== undefined) return resolve(early);
      const look = (text: string) => {
        if (!satisfies(text)) return;
        lines.off('line', look);
        resolve(text);
      };
      lines.on('line', look);
      void ended.then(() => setImmediate(() => reject(new Error('the driver ended before it said so'))));
    });
  return {
    pid: child.pid!,
    line,
    killed: async () => {
      child.kill('SIGKILL');
      await ended;
    },
    result: async () => {
      const text = await line((said) => said.startsWith('result '));
      await ended;
      return JSON.parse(text.slice('result '.length)) as JobResult;
    },
  };
}
