import {
  countOf,
  formatClock,
  formatCount,
  formatDuration,
  formatMeasure,
  formatRate,
  formatShare,
  listWords,
} from '../model/words.js';
import {DOT} from './phrases.js';
import {amountText, rateText, secondsLeft, shareOf} from './progress.js';
import type {StageView} from './state.js';
import {printable} from './text.js';

/**
 * What is under way in a run. `running`: its driver lives; `without-driver`: its driver is gone, and a stage goes on;
 * `elsewhere`: its driver was noted on another machine, which cannot be asked. Times are Unix milliseconds.
 */
export type Activity = Readonly<{
  run: string;
  pipeline: string;
  state: 'running' | 'without-driver' | 'elsewhere';
  /** It was told to save what it has and to end. */
  isStopping: boolean;
  driver: Readonly<{pid: number; host: string}>;
  startedAtMs: number;
  /** Of the last thing that it, or one of its jobs, wrote down. */
  lastWordAtMs: number;
  stages: readonly StageActivity[];
}>;

/** `agent`: of a job of its own. */
export type StageActivity = Readonly<{view: StageView; sinceMs: number; agent: AgentView | null}>;

/** Of a standing agent on another machine only its address is known. */
export type AgentView = Readonly<{pid: number}> | Readonly<{address: string}>;

/** `train goes on without a driver`; `may`: where that is not known. */
export function withoutDriverText(jobs: readonly Readonly<{stage: string; agent: AgentView}>[]): string {
  const stages = listWords(jobs.map(({stage}) => stage));
  const goes = jobs.some(({agent}) => 'address' in agent) ? 'may go' : jobs.length === 1 ? 'goes' : 'go';
  return `${stages} ${goes} on without a driver`;
}

/** `agent pid 4711`, `agent at gaudi1:29500`. */
export function agentText(agent: AgentView): string {
  return 'pid' in agent ? `agent pid ${agent.pid}` : `agent at ${agent.address}`;
}

/** Lines for people: who drives, and of each stage how far it is. */
export function activityLines(activity: Activity, nowMs: number): readonly string[] {
  const stages = activity.stages.flatMap((stage) => stageActivityLines(stage, nowMs));
  const waiting = stages.length === 0 ? ['  no stage has begun yet'] : [];
  return [headline(activity, nowMs), ...stages, ...waiting].map(printable);
}

function headline(activity: Activity, nowMs: number): string {
  const {run, state, driver, isStopping, stages} = activity;
  const seconds = (ms: number): string => formatDuration(Math.max(0, nowMs - ms) / 1000);
  switch (state) {
    case 'running': {
      const what = isStopping ? 'is stopping' : `runs since ${seconds(activity.startedAtMs)}`;
      return `${run}  ${what}${DOT}driver pid ${driver.pid} on ${driver.host}`;
    }
    case 'without-driver': {
      const jobs = stages.flatMap(({view, agent}) => (agent === null ? [] : [{stage: view.id, agent}]));
      const agents = [...new Set(jobs.map(({agent}) => agentText(agent)))].join(', ');
      return `${run}  ${withoutDriverText(jobs)}${DOT}${agents}`;
    }
    case 'elsewhere':
      return `${run}  driver pid ${driver.pid} on ${driver.host}, which cannot be asked from here${DOT}last word ${seconds(activity.lastWordAtMs)} ago`;
  }
}

function stageActivityLines(stage: StageActivity, nowMs: number): readonly string[] {
  const {view} = stage;
  const indent = ' '.repeat(view.id.length + 4);
  const more = [
    view.device === null ? null : `${countOf(view.device.ranks, 'rank')} on ${view.device.text}`,
    checkpointText(view, nowMs),
  ].filter((text) => text !== null);
  const first = `  ${view.id}  ${stageText(stage, nowMs)}`;
  return more.length === 0 ? [first] : [first, `${indent}${more.join(DOT)}`];
}

/** `epoch 2/3 · step 48/120 (40%) · loss 0.301 · val AUROC 0.702 · 431 images/s · 0:42 · about 1:03 left`. */
export function stageText({view, sinceMs}: StageActivity, nowMs: number): string {
  const {progress, training} = view;
  const share = progress === null ? null : shareOf(progress);
  const amount =
    progress === null ? null : progress.unit === 'steps' ? stepText(progress) : amountText(progress);
  const left = progress === null || progress.done === progress.total ? null : secondsLeft(progress, nowMs);
  const said = [
    training === null || training.epoch === null ? null : `epoch ${training.epoch}${ofText(training.epochs)}`,
    amount === null ? null : share === null ? amount : `${amount} (${formatShare(share)})`,
    training?.loss == null ? null : `loss ${formatMeasure(training.loss, 3)}`,
    training?.auroc == null ? null : `val AUROC ${formatMeasure(training.auroc, 3)}`,
    speedText(view),
    formatClock((nowMs - sinceMs) / 1000),
    left === null ? null : `about ${formatClock(Math.ceil(left))} left`,
  ];
  return said.filter((text) => text !== null).join(DOT);
}

/** Before there is any, what it said last. */
function speedText({progress, training, device, note}: StageView): string | null {
  if (training?.imagesPerSecond != null) return formatRate(training.imagesPerSecond, 'images');
  if (progress !== null) return rateText(progress);
  return device === null ? note : null;
}

function stepText({done, total}: {done: number; total: number | null}): string {
  return `step ${formatCount(done)}${ofText(total)}`;
}

function ofText(total: number | null): string {
  return total === null ? '' : `/${formatCount(total)}`;
}

function checkpointText({checkpoint}: StageView, nowMs: number): string | null {
  if (checkpoint === null) return null;
  const age = formatDuration(Math.max(0, nowMs - checkpoint.atMs) / 1000);
  return `last checkpoint at step ${formatCount(checkpoint.step)}, ${age} ago`;
}

/** What `status --json` says of it; `snake_case`, times in seconds, null where it is not known. */
export function activityDocument(activity: Activity, nowMs: number) {
  const {run, pipeline, state, driver, isStopping} = activity;
  const since = (ms: number): number => Math.max(0, Math.round(nowMs - ms) / 1000);
  return {
    ...{run, pipeline, state, stopping: isStopping},
    driver: {...driver, alive: state === 'elsewhere' ? null : state === 'running'},
    seconds: since(activity.startedAtMs),
    last_word_seconds: since(activity.lastWordAtMs),
    stages: activity.stages.map((stage) => {
      const {progress, training, checkpoint, device, id} = stage.view;
      const left = progress === null ? null : secondsLeft(progress, nowMs);
      return {
        ...{id, agent: stage.agent, seconds: since(stage.sinceMs), seconds_left: left},
        progress: progress && {done: progress.done, total: progress.total, unit: progress.unit},
        training: training && {
          ...{epoch: training.epoch, epochs: training.epochs, loss: training.loss},
          ...{val_auroc_macro: training.auroc, best_val_auroc_macro: training.bestAuroc},
          images_per_second: training.imagesPerSecond,
        },
        device: device && {name: device.text, ranks: device.ranks},
        checkpoint: checkpoint && {step: checkpoint.step, age_seconds: since(checkpoint.atMs)},
      };
    }),
  };
}
