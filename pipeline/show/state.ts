import type {Decision} from '../model/decision.js';
import type {Event, Outcome, RunStatus} from '../model/event.js';
import type {JobEvent} from '../model/job-event.js';
import type {StageId} from '../model/stage.js';
import {countOf} from '../model/words.js';
import {advanceProgress, type Progress} from './progress.js';

/** What a terminal shows of a run: a pure fold over its events. Times are Unix milliseconds. */
export type RunView = Readonly<{
  run: string;
  pipeline: string;
  configFile: string;
  startedAtMs: number;
  stages: readonly StageView[];
  finished: Readonly<{status: RunStatus; seconds: number}> | null;
}>;

/** What is shown of one stage. */
export type StageView = Readonly<{
  id: StageId;
  decision: Decision | null;
  phase: Phase;
  progress: Progress | null;
  training: Training | null;
  /** What a distributed job computes on. */
  device: Readonly<{text: string; ranks: number}> | null;
  /** The last checkpoint that is complete on disk. */
  checkpoint: Readonly<{step: number; atMs: number}> | null;
  /** The last thing it said about itself. */
  note: string | null;
  warnings: number;
}>;

/** Where a stage stands. */
export type Phase =
  /** With progress while its files are hashed: it cannot be decided before. */
  | Readonly<{is: 'waiting'}>
  | Readonly<{is: 'running'; sinceMs: number; attempt: number}>
  | Readonly<{is: 'settled'; seconds: number; outcome: Outcome}>;

/** What a distributed job tells beyond its progress; null where it has not told yet. */
export type Training = Readonly<{
  epoch: number | null;
  epochs: number | null;
  /** Mean over the last reported steps. */
  loss: number | null;
  auroc: number | null;
  bestAuroc: number | null;
  imagesPerSecond: number | null;
}>;

const NO_TRAINING: Training = {
  ...{epoch: null, epochs: null, loss: null, auroc: null, bestAuroc: null, imagesPerSecond: null},
};

/** @returns null until the run has started. */
export function follow(view: RunView | null, event: Event): RunView | null {
  if (event.type === 'run-started') return begin(event);
  if (view === null) return null;
  const atMs = Date.parse(event.at);
  if (event.type === 'run-finished') {
    return {...view, finished: {status: event.status, seconds: event.seconds}};
  }
  if (event.type === 'run-stopping') return view;
  const stages = view.stages.map((stage) =>
    stage.id === event.stage ? followStage(stage, event, atMs) : stage,
  );
  return {...view, stages};
}

function begin({run, pipeline, config, stages, at}: Extract<Event, {type: 'run-started'}>): RunView {
  return {
    run,
    pipeline,
    configFile: config.file,
    startedAtMs: Date.parse(at),
    stages: stages.map(waitingStage),
    finished: null,
  };
}

/** A stage of which nothing was said yet. */
export function waitingStage(id: StageId): StageView {
  const phase = {is: 'waiting'} as const;
  const nothing = {
    decision: null,
    progress: null,
    training: null,
    device: null,
    checkpoint: null,
    note: null,
  };
  return {id, ...nothing, phase, warnings: 0};
}

type StageEvent = Exclude<Event, {type: 'run-started' | 'run-stopping' | 'run-finished'}>;

function followStage(stage: StageView, event: StageEvent, atMs: number): StageView {
  switch (event.type) {
    case 'stage-decided':
      // What it hashed to be decided is done.
      return {...stage, decision: event.decision, progress: null};
    case 'stage-started': {
      // A new attempt begins with what the last one left: its rates say nothing any more.
      const phase = {is: 'running', sinceMs: atMs, attempt: event.attempt} as const;
      return {...waitingStage(stage.id), decision: stage.decision, warnings: stage.warnings, phase};
    }
    case 'stage-progress':
      return {...stage, progress: advanceProgress(stage.progress, event, atMs)};
    case 'stage-note':
      return event.level === 'warning'
        ? {...stage, warnings: stage.warnings + 1}
        : {...stage, note: event.text};
    case 'stage-output':
      return stage;
    case 'job-event':
      return followJob(stage, event.event);
    case 'stage-finished':
      return {...stage, phase: {is: 'settled', seconds: event.seconds, outcome: event.outcome}};
  }
}

/** One more event of a stage that is a job: the stage after it. Rates are by the clock of the job, also in a replay. */
export function followJob(stage: StageView, event: JobEvent): StageView {
  const training = stage.training ?? NO_TRAINING;
  const atMs = event.at * 1000;
  switch (event.type) {
    case 'started':
      // How fast the attempt before was says nothing any more; what it came to stays.
      return {...stage, progress: null, training: stage.training && {...training, imagesPerSecond: null}};
    case 'progress':
      return {...stage, progress: advanceProgress(stage.progress, event, atMs)};
    case 'device': {
      const {name, description, ranks} = event;
      return {...stage, note: deviceText(event), device: {text: `${name} (${description})`, ranks}};
    }
    case 'warning':
      return {...stage, warnings: stage.warnings + 1};
    case 'steps': {
      const seconds = sum(event.step_seconds);
      const losses = event.losses.filter((loss) => loss !== null);
      const loss = losses.length === 0 ? training.loss : sum(losses) / losses.length;
      const imagesPerSecond = seconds > 0 ? event.images / seconds : training.imagesPerSecond;
      return {...stage, training: {...training, epoch: event.epoch, loss, imagesPerSecond}};
    }
    case 'epoch': {
      const {train_loss: loss, val_auroc_macro: auroc, images_per_second: imagesPerSecond} = event.metrics;
      const bestAuroc = auroc === null ? training.bestAuroc : Math.max(auroc, training.bestAuroc ?? 0);
      const told = {epoch: event.epoch, epochs: event.of, loss, auroc, bestAuroc, imagesPerSecond};
      return {...stage, training: {...training, ...told}};
    }
    case 'checkpoint':
      return {...stage, checkpoint: {step: event.step, atMs}};
    default:
      return stage;
  }
}

/** `2 ranks on cpu (AMD EPYC 7B13), from step 120`. */
export function deviceText({
  ranks,
  name,
  description,
  resumed_from_step: step,
  resumed_from_ranks: before,
}: Extract<JobEvent, {type: 'device'}>): string {
  const devices = `${countOf(ranks, 'rank')} on ${name} (${description})`;
  if (step === null) return devices;
  const other = before === null || before === ranks ? '' : ` of ${countOf(before, 'rank')}: not bit-equal`;
  return `${devices}, from step ${step}${other}`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
