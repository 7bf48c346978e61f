import type {Decision} from '../../pipeline/model/decision.js';
import type {Event, News, Outcome} from '../../pipeline/model/event.js';
import type {Failure} from '../../pipeline/model/failure.js';
import type {EpochMetrics, JobEvent} from '../../pipeline/model/job-event.js';
import type {JsonObject} from '../../pipeline/model/json.js';
import type {Digest, RunName, StageId} from '../../pipeline/model/stage.js';

const START = Date.parse('2026-01-01T10:00:00Z');

/** News with the second, counted from the start of the run, at which they came. */
export type Timed = readonly [second: number, news: News];

export function eventsOf(timed: readonly Timed[]): readonly Event[] {
  return timed.map(([second, news], index) => ({
    seq: index + 1,
    at: new Date(atMs(second)).toISOString(),
    ...stamped(news, atMs(second)),
  }));
}

/** A job stamps its events itself. */
function stamped(news: News, at: number): News {
  return news.type === 'job-event' ? {...news, event: {...news.event, at: at / 1000}} : news;
}

export function atMs(second: number): number {
  return START + second * 1000;
}

const id = (name: string) => name as StageId;
const digest = 'd' as Digest;

export function started(...stages: readonly string[]): News {
  return {
    type: 'run-started',
    run: 'brave-otter' as RunName,
    pipeline: 'demo',
    config: {file: 'configs/demo.yaml', path: 'configs/demo.yaml', digest},
    stages: stages.map(id),
    argv: ['run', 'configs/demo.yaml'],
    message: null,
    tags: {},
    pid: 1,
    host: 'here',
  };
}

export function decided(stage: string, action: Decision['action'], ...texts: readonly string[]): News {
  const because = texts.map((text) => ({code: 'unchanged' as const, text}));
  return {type: 'stage-decided', stage: id(stage), fingerprint: digest, decision: {action, because}};
}

export function begun(stage: string, attempt = 1): News {
  return {type: 'stage-started', stage: id(stage), attempt};
}

export function progress(stage: string, done: number, total: number | null, unit = 'images'): News {
  return {type: 'stage-progress', stage: id(stage), done, total, unit};
}

export function note(stage: string, text: string, level: 'info' | 'warning' = 'info'): News {
  return {type: 'stage-note', stage: id(stage), level, text};
}

export function output(stage: string, text: string, rank: number | null = null): News {
  return {type: 'stage-output', stage: id(stage), stream: 'stdout', rank, text};
}

type JobNews = JobEvent extends infer One ? (One extends JobEvent ? Omit<One, 'at'> : never) : never;

export function job(stage: string, event: JobNews): News {
  return {type: 'job-event', stage: id(stage), job: 'j', jobSeq: 1, event: {at: 0, ...event} as JobEvent};
}

export function ran(
  stage: string,
  seconds: number,
  summary: JsonObject = {},
  tainted: readonly string[] = [],
): News {
  return succeeded(stage, seconds, {how: 'ran', summary, tainted});
}

export function reused(stage: string, how: 'skipped' | 'restored'): News {
  return succeeded(stage, 0.01, {how, summary: {images: 600}, tainted: []});
}

function succeeded(
  stage: string,
  seconds: number,
  outcome: Pick<Extract<Outcome, {status: 'succeeded'}>, 'how' | 'summary' | 'tainted'>,
): News {
  const made = {status: 'succeeded', fingerprint: digest, output: digest} as const;
  return {type: 'stage-finished', stage: id(stage), seconds, outcome: {...made, ...outcome}};
}

export function failed(stage: string, seconds: number, failure: Failure): News {
  return {type: 'stage-finished', stage: id(stage), seconds, outcome: {status: 'failed', failure}};
}

export function cancelled(stage: string, because: Extract<Outcome, {status: 'cancelled'}>['because']): News {
  return {type: 'stage-finished', stage: id(stage), seconds: 0, outcome: {status: 'cancelled', because}};
}

export function finished(status: 'succeeded' | 'failed' | 'interrupted', seconds: number): News {
  return {type: 'run-finished', status, seconds};
}

export const METRICS: EpochMetrics = {
  train_loss: 0.30123,
  val_loss: 0.28915,
  val_auroc_macro: 0.70234,
  val_auroc_defined: 8,
  learning_rate: 1e-3,
  seconds: 12.2,
  train_seconds: 10,
  images_per_second: 431.4,
  step_ms_p50: 70,
  step_ms_p95: 90,
  step_ms_max: 200,
  loader_stall_share: 0.01,
  peak_memory_bytes: null,
  skipped_steps: null,
  is_best: true,
};

export const OUT_OF_MEMORY: Failure = {
  reason: 'exited',
  what: 'chexnet.training.train',
  code: 1,
  signal: null,
  rank: 1,
  message: 'CUDA out of memory',
  tail: ['Traceback (most recent call last):\n', '  File "train.py", line 12\n'],
};
