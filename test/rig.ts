import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {execa, type ResultPromise} from 'execa';
import {findAgent, killAgent} from '../pipeline/dispatch/agent-process.js';

/** The project's root; this file runs from dist/test. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
export const CLI = join(ROOT, 'dist/bin/pipeline.js');

export type Finished = Readonly<{code: number | null; signal: string | null; stdout: string; stderr: string}>;

/** A folder of its own with the real command line run in it. */
export type Project = Readonly<{
  folder: string;
  write(name: string, text: string | Uint8Array): string;
  read(name: string): string;
  has(name: string): boolean;
  run(args: readonly string[], options?: RunOptions): Promise<Finished>;
  start(args: readonly string[], options?: RunOptions): ResultPromise<StartOptions>;
  /** Runs with --json, expects exit 0 and returns the document. */
  json<T>(args: readonly string[], options?: RunOptions): Promise<T>;
}>;

export type RunOptions = Readonly<{
  /** Beside what the tests have; undefined takes a variable away. */
  environment?: Readonly<Record<string, string | undefined>>;
  timeoutMs?: number;
  cwd?: string;
}>;
type StartOptions = {reject: false; stdin: 'ignore'; cleanup: true; buffer: true};

/** @param body - Gets a fresh project; the folder is removed afterwards, also when the body throws. */
export async function withProject(body: (project: Project) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'pipeline-test-'));
  try {
    await body(projectIn(folder));
  } finally {
    makeWritable(folder);
    await endJobs(folder);
    rmSync(folder, {recursive: true, force: true, maxRetries: 3});
  }
}

export function projectIn(folder: string): Project {
  const start: Project['start'] = (args, options = {}) =>
    execa(process.execPath, [CLI, ...args], {
      cwd: options.cwd ?? folder,
      env: {NO_COLOR: '1', CI: undefined, FORCE_COLOR: undefined, ...options.environment},
      reject: false,
      stdin: 'ignore',
      cleanup: true,
      buffer: true,
      stripFinalNewline: false,
      timeout: options.timeoutMs ?? 120_000,
    }) as unknown as ResultPromise<StartOptions>;
  const run: Project['run'] = async (args, options) => {
    const result = await start(args, options);
    return {
      code: result.exitCode ?? null,
      signal: result.signal ?? null,
      stdout: String(result.stdout),
      stderr: String(result.stderr),
    };
  };
  return {
    folder,
    start,
    run,
    write: (name, text) => {
      const path = join(folder, name);
      mkdirSync(dirname(path), {recursive: true});
      writeFileSync(path, text);
      return path;
    },
    read: (name) => readFileSync(join(folder, name), 'utf8'),
    has: (name) => existsSync(join(folder, name)),
    json: async <T>(args: readonly string[], options?: RunOptions) => {
      const result = await run([...args, '--json'], options);
      if (result.code !== 0) throw new Error(`exit ${result.code}\n${result.stdout}\n${result.stderr}`);
      return JSON.parse(result.stdout) as T;
    },
  };
}

/** A training whose driver was killed goes on; its ranks die with its agent. */
async function endJobs(folder: string): Promise<void> {
  const resume = join(folder, '.pipeline', 'resume');
  for (const name of existsSync(resume) ? readdirSync(resume) : []) {
    const agent = findAgent(join(resume, name, 'job'));
    if (agent !== null) await killAgent(agent);
  }
}

/** A test may have taken its own write permission away; rm needs it back. */
function makeWritable(folder: string): void {
  if (existsSync(folder)) chmodSync(folder, 0o755);
}

/** What `run --json` and `plan --json` print. */
export type PlanDocument = Readonly<{
  schema: string;
  run: string | null;
  stages: readonly Readonly<{
    id: string;
    decision: 'skip' | 'restore' | 'run';
    because: readonly Readonly<{
      code: string;
      text: string;
      file?: string;
      line?: number;
      before?: unknown;
      after?: unknown;
    }>[];
    state: string | null;
    seconds: number | null;
    artifact: string | null;
  }>[];
}>;
