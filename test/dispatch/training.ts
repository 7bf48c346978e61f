import {createHash} from 'node:crypto';
import {cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {findAgent} from '../../pipeline/dispatch/agent-process.js';
import type {JobEvent} from '../../pipeline/model/job-event.js';
import {type Finished, type Project, projectIn, withProject} from '../rig.js';
import {testPython} from './rig.js';

/** On a machine that is busy with other work. */
const PATIENCE_MS = 280_000;

const CONFIG = `pipeline: small
stages:
  dataset: {uses: synthesize, params: {images: 60, seed: 1}}
  split: {uses: split, params: {method: seeded, seed: 1}}
  preprocess: {uses: preprocess, params: {size: 64}}
  train:
    uses: train
    params:
      device: cpu
      ranks: RANKS
      epochs: 3
      batch_size: 6
      input: {crop: 32}
      optimizer: {name: adamw, lr: 1e-3}
      checkpoint_steps: CHECKPOINT_STEPS
      report_steps: 1
`;

/** A training on a few images through the real command line. */
export type Training = Readonly<{
  project: Project;
  /** For commands that train. */
  environment: Record<string, string>;
  /** Runs until there are weights. */
  run(options?: Readonly<{environment?: Record<string, string>}>): Promise<Finished>;
  start(): ReturnType<Project['start']>;
  /** Of the weights of the finished training. */
  weights(): string;
  /** The job's folder; null before there is one. */
  job(): string | null;
  events(): readonly JobEvent[];
  pids(): Readonly<{agent: number; torchrun: number; ranks: readonly number[]}>;
}>;

export type Prepared = (
  body: (training: Training) => Promise<void>,
  options?: Readonly<{checkpointSteps?: number}>,
) => Promise<void>;

/** Makes the images once; each training then begins with a copy of them. */
export async function prepareImages(
  ranks: number,
): Promise<Readonly<{prepared: Prepared; remove: () => void}>> {
  const environment = {PIPELINE_PYTHON: await testPython()};
  const base = projectIn(mkdtempSync(join(tmpdir(), 'pipeline-images-')));
  const remove = () => rmSync(base.folder, {recursive: true, force: true});
  base.write('small.yaml', configOf({ranks, checkpointSteps: 2}));
  const made = await base.run(['run', 'small.yaml', 'preprocess']);
  if (made.code !== 0) {
    remove();
    throw new Error(made.stderr);
  }
  const prepared: Prepared = (use, {checkpointSteps = 2} = {}) =>
    withProject(async (project) => {
      cpSync(base.folder, project.folder, {recursive: true});
      project.write('small.yaml', configOf({ranks, checkpointSteps}));
      await use(trainingIn(project, environment));
    });
  return {prepared, remove};
}

function configOf({ranks, checkpointSteps}: {ranks: number; checkpointSteps: number}): string {
  return CONFIG.replace('CHECKPOINT_STEPS', String(checkpointSteps)).replace('RANKS', String(ranks));
}

function trainingIn(project: Project, environment: Record<string, string>): Training {
  const args = ['run', 'small.yaml', 'train'];
  const job = () => jobIn(project);
  return {
    ...{project, environment},
    run: (options = {}) => {
      const all = {...environment, ...options.environment};
      return project.run(args, {environment: all, timeoutMs: PATIENCE_MS});
    },
    start: () => project.start(args, {environment, timeoutMs: PATIENCE_MS}),
    weights: () => weightsIn(project),
    job,
    events: () => eventsIn(job()),
    pids: () => pidsIn(job()!),
  };
}

function jobIn(project: Project): string | null {
  const folder = join(project.folder, '.pipeline', 'resume');
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const jobs = names.map((name) => join(folder, name, 'job'));
  return jobs.find((path) => existsSync(path)) ?? null;
}

function eventsIn(job: string | null): readonly JobEvent[] {
  const path = join(job ?? '', 'journal.ndjson');
  if (job === null || !existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as JobEvent);
}

function pidsIn(job: string): ReturnType<Training['pids']> {
  const {pid} = JSON.parse(readFileSync(join(job, 'process.json'), 'utf8')) as {pid: number};
  return {agent: findAgent(job)?.pid ?? 0, torchrun: pid, ranks: childrenOf(pid)};
}

function childrenOf(parent: number): readonly number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return Number(fields[1]) === parent && fields[0] !== 'Z';
    } catch {
      return false;
    }
  });
}

function weightsIn(project: Project): string {
  const artifacts = join(project.folder, '.pipeline', 'artifacts');
  const hash = createHash('sha256');
  for (const name of readdirSync(artifacts)) {
    for (const file of ['best.pt', 'last.pt']) {
      const path = join(artifacts, name, file);
      if (existsSync(path)) hash.update(readFileSync(path));
    }
  }
  return hash.digest('hex');
}
