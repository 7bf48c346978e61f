import type {Failure} from '../model/failure.js';
import {ok, type Result} from '../model/result.js';
import type {Activity, AgentView, StageActivity} from '../show/activity.js';
import {follow, followJob, type RunView, type StageView, waitingStage} from '../show/state.js';
import {type JobAgent, jobArguments, jobEvents, type LivingJob} from '../store/job-folder.js';
import {onDisk} from '../store/on-disk.js';
import type {RunRow} from '../store/runs.js';
import {isObject} from '../store/shapes.js';
import type {Store} from '../store/store.js';
import {stateOf} from './ls.js';

/**
 * What is under way, the newest run first, from the files of the runs and of their jobs alone. A run whose driver was
 * noted on another machine is there while it is the newest of its pipeline: nobody here can tell whether it lives.
 */
export function findUnderWay(store: Store, rows: readonly RunRow[]): Result<readonly Activity[], Failure> {
  const found: Activity[] = [];
  for (const [index, row] of rows.entries()) {
    const newer = rows.slice(0, index).some(({record}) => record.pipeline === row.record.pipeline);
    if (!isUnderWay(row) && (!isElsewhere(row) || newer)) continue;
    const activity = activityOf(store, row);
    if (!activity.ok) return activity;
    if (activity.value !== null) found.push(activity.value);
  }
  return ok(found);
}

/** On this machine, with or without its driver. */
export function isUnderWay(row: RunRow): boolean {
  const state = stateOf(row);
  return state === 'running' || state === 'without-driver';
}

export function isElsewhere({record, liveness}: RunRow): boolean {
  return record.status === 'unfinished' && liveness === 'elsewhere';
}

/** Null when the run has just ended. */
export function activityOf(store: Store, row: RunRow): Result<Activity | null, Failure> {
  const read = store.runs.events(row.place);
  if (!read.ok) return read;
  const {events} = read.value;
  const last = events.at(-1);
  const view = events.reduce<RunView | null>(follow, null);
  if (view === null || last === undefined || view.finished !== null) return ok(null);
  return onDisk(row.place.folder, (): Activity => {
    const stages = view.stages.flatMap((stage) => stageActivities(stage, {store, row}));
    const words = stages.map(({view: {progress}}) => progress?.marks.at(-1)?.atMs ?? 0);
    const {run, pipeline, pid, host} = row.record;
    return {
      run,
      pipeline,
      state: isElsewhere(row) ? 'elsewhere' : row.liveness === 'alive' ? 'running' : 'without-driver',
      isStopping: events.some(({type}) => type === 'run-stopping'),
      driver: {pid, host},
      startedAtMs: view.startedAtMs,
      lastWordAtMs: Math.max(Date.parse(last.at), ...words),
      stages,
    };
  });
}

function stageActivities(
  stage: StageView,
  {store, row}: {store: Store; row: RunRow},
): readonly StageActivity[] {
  const {phase} = stage;
  const job = row.jobs.find(({stage: id}) => id === stage.id) ?? null;
  // What a run whose driver is gone was at, but for its jobs, is gone too.
  if (phase.is !== 'running' || (row.liveness === 'dead' && job === null)) return [];
  const digest = row.record.stages.find(({id}) => id === stage.id)?.fingerprint ?? null;
  const told = digest === null ? null : jobActivity(store.layout.job(digest), {stage, job});
  return [told ?? {view: stage, sinceMs: phase.sinceMs, agent: job && agentView(job.agent)}];
}

/** By its journal, which is ahead of what the driver wrote down; null when none of it runs. */
function jobActivity(
  folder: string,
  {stage, job}: {stage: StageView; job: LivingJob | null},
): StageActivity | null {
  const events = jobEvents(folder);
  const started = events.findLast((event) => event.type === 'started');
  if (started === undefined || events.at(-1)?.type === 'exited') return null;
  const begun: StageView = {...waitingStage(stage.id), decision: stage.decision, phase: stage.phase};
  const view = events.reduce<StageView>(followJob, begun);
  const epochs = view.training?.epochs ?? epochsOf(folder);
  return {
    view: view.training === null ? view : {...view, training: {...view.training, epochs}},
    sinceMs: started.at * 1000,
    agent: job && agentView(job.agent),
  };
}

function agentView(agent: JobAgent): AgentView {
  return agent.where === 'here' ? {pid: agent.pid} : {address: agent.address};
}

/** The first epoch tells how many there are only when it has ended. */
function epochsOf(folder: string): number | null {
  const params = jobArguments(folder)?.['params'];
  const epochs = isObject(params) ? params['epochs'] : null;
  return typeof epochs === 'number' ? epochs : null;
}
