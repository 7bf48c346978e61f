import {createHasher, type Hasher} from './cache/hash.js';
import {hashNews} from './cache/hash-news.js';
import type {PipelineConfig} from './config/config.js';
import {resolvedYaml} from './config/describe.js';
import {DEFAULT_LIMITS} from './dispatch/job-request.js';
import type {Place} from './dispatch/place.js';
import {createExecutors} from './execute/executors.js';
import {pause} from './execute/pause.js';
import {runStages} from './execute/run-stages.js';
import type {Settled} from './execute/schedule.js';
import type {Event, News, RunChoices, RunStatus} from './model/event.js';
import type {Failure} from './model/failure.js';
import type {RunRecord} from './model/record.js';
import {ok, type Result} from './model/result.js';
import type {StageGraph, StageId} from './model/stage.js';
import {createRecorder} from './provenance/recorder.js';
import {sourcesOf} from './provenance/stage-sources.js';
import type {RunJournal} from './store/journal.js';
import {RUN_FILES} from './store/layout.js';
import type {Locked} from './store/locks.js';
import type {Store} from './store/store.js';

/** What is to be run: a valid configuration and what the command line chose of it. */
export type RunRequest = Readonly<{
  config: PipelineConfig;
  graph: StageGraph;
  selected: ReadonlySet<StageId>;
  forced: ReadonlySet<StageId>;
  width: number;
  slots: Readonly<Record<string, number>>;
  keepGoing: boolean;
  wait: boolean;
  name: string | null;
  message: string | null;
  tags: Readonly<Record<string, string>>;
  /** Kept with the run, for whoever goes on with it. */
  choices?: RunChoices;
}>;

/** The world, as far as a run touches it. */
export type RunEffects = Readonly<{
  store: Store;
  /** Absolute: the program's root, and the folder of its Python sources. */
  root: string;
  pythonSources: string;
  environment: Readonly<Record<string, string | undefined>>;
  facts: Readonly<{argv: readonly string[]; pid: number; host: string; version: string; node: string}>;
  cores: number;
  /** Of an agent on this machine; 0 = any free one. */
  agentPort: number;
  place: Place;
  /** Every event, once it is in the journal. */
  receive(event: Event): void;
  onWait(holder: string): void;
  stop: AbortSignal;
  kill: AbortSignal;
  now(): Date;
}>;

export type RunEnd = Readonly<{record: RunRecord; folder: string; settled: ReadonlyMap<StageId, Settled>}>;

/** One run from its lock to its record: the table of contents of this program. */
export async function run(
  request: RunRequest,
  effects: RunEffects,
): Promise<Result<RunEnd, Failure | Locked>> {
  const lock = await effects.store.locks.acquire(`pipeline-${request.config.name}`, {
    wait: request.wait,
    signal: effects.stop,
    onWait: (holder) =>
      effects.onWait(holder === null ? 'another run' : `process ${holder.pid} (${holder.command})`),
  });
  if (!lock.ok) return lock;
  try {
    const journal = effects.store.runs.create(request.name === null ? {} : {name: request.name});
    return journal.ok ? await runJournaled(request, {...effects, journal: journal.value}) : journal;
  } finally {
    lock.value.release();
  }
}

type Journaled = RunEffects & Readonly<{journal: RunJournal}>;
type Reporting = Journaled & Readonly<{report(news: News): void}>;

async function runJournaled(request: RunRequest, effects: Journaled): Promise<Result<RunEnd, Failure>> {
  const {journal, store} = effects;
  const now = (): number => performance.now();
  const startedAtMs = now();
  const report = (news: News): void => {
    effects.receive(journal.append(news));
    // What had to be hashed is known from now on, also if a stage of many hours is killed. Writes only what is new.
    if (news.type === 'stage-decided' || news.type === 'stage-finished') hasher.save();
  };
  const hasher = createHasher(store.stats, {
    onProgress: hashNews({report, now}),
    keepsUnderWay: true,
    signal: effects.stop,
  });
  const finish = (status: RunStatus): void =>
    report({type: 'run-finished', status, seconds: (now() - startedAtMs) / 1000});
  const sayStopping = (): void => report({type: 'run-stopping'});
  let closed: Result<null, Failure>;
  let settled: ReadonlyMap<StageId, Settled>;
  try {
    begin(request, {...effects, report});
    effects.stop.addEventListener('abort', sayStopping, {once: true});
    settled = await settleStages(request, {...effects, hasher, report});
    finish(statusOf(settled, effects.stop));
  } catch (error) {
    // A fault of ours, told by whoever called. The run ends all the same: it is none that was killed.
    if (journal.record()?.finishedAt === null) finishAfterFault(() => finish('failed'));
    throw error;
  } finally {
    effects.stop.removeEventListener('abort', sayStopping);
    hasher.save();
    closed = journal.close();
  }
  return closed.ok ? ok({record: journal.record()!, folder: journal.folder, settled}) : closed;
}

/** Whoever receives events may be the one at fault: what it throws now would hide what was thrown first. */
function finishAfterFault(finish: () => void): void {
  try {
    finish();
  } catch {
    // It is in the journal by now.
  }
}

function begin(request: RunRequest, effects: Reporting): void {
  const {config, graph, message, tags, choices} = request;
  const {journal, report} = effects;
  const {argv, pid, host} = effects.facts;
  report({
    ...{type: 'run-started', run: journal.name, pipeline: config.name, argv, message, tags, pid, host},
    config: {file: config.file, path: config.path, digest: config.digest},
    stages: [...graph.keys()],
    ...(choices === undefined ? {} : {choices}),
  });
  keepFile(request, effects)(RUN_FILES.config, resolvedYaml(config, {showOrigin: true}));
}

/**
 * Writes a file that describes the run into its folder. A run that cannot be described goes on, but not silently: the
 * warning stands under its first stage, since a run has no notes of its own.
 */
function keepFile({graph}: RunRequest, {journal, report}: Reporting): (name: string, text: string) => void {
  const [stage] = graph.keys();
  return (name, text) => {
    const written = journal.writeFile(name, text);
    if (written.ok || stage === undefined) return;
    const why = 'message' in written.error ? written.error.message : written.error.reason;
    report({
      type: 'stage-note',
      stage,
      level: 'warning',
      text: `this run is kept without its ${name}: ${why}`,
    });
  };
}

type Hashing = Reporting & Readonly<{hasher: Hasher}>;

async function settleStages(request: RunRequest, effects: Hashing): Promise<ReadonlyMap<StageId, Settled>> {
  const {config} = request;
  const {journal, environment, report, root} = effects;
  const recorder = createRecorder({...effects, config, keepFile: keepFile(request, effects)});
  const executors = createExecutors({
    preparePython: () => recorder.preparePython((text) => report(pythonNote(request, text))),
    sourceFolder: effects.pythonSources,
    folder: config.folder,
    environment,
    limits: {...DEFAULT_LIMITS, port: effects.agentPort},
    place: effects.place.where === 'here' ? effects.place : {...effects.place, waits: request.wait},
  });
  try {
    return await runStages({
      ...request,
      ...effects,
      pipeline: config.name,
      slots: {...config.slots, ...request.slots},
      waitForLock: request.wait,
      concurrency: effects.cores,
      pause,
      // What the run ran on is recorded before the first stage that runs: its report may want to tell.
      executors: {
        ...executors,
        execute: async (order) => {
          await recorder.record();
          return executors.execute(order);
        },
      },
      run: journal.name,
      runFolder: journal.folder,
      sourcesOf: (kind) => sourcesOf(kind, root),
    });
  } finally {
    executors.close();
  }
}

/** Making the Python environment takes a minute the first time: it is told under the first stage that needs it. */
function pythonNote({graph}: RunRequest, text: string): News {
  const needy = [...graph.values()].find(
    ({kind}) => kind.work.kind === 'distributed' || kind.work.kind === 'bridge',
  );
  // An in-process stage may ask for it too, for some of its data: which one is not known here.
  const [first] = graph.keys();
  return {type: 'stage-note', stage: needy?.id ?? first!, level: 'info', text};
}

function statusOf(settled: ReadonlyMap<StageId, Settled>, stop: AbortSignal): RunStatus {
  const outcomes = [...settled.values()].map(({outcome}) => outcome);
  if (outcomes.some(({status}) => status === 'failed')) return 'failed';
  // What was selected could not be made: no failure of a stage, but no success of the run either.
  const lacks = outcomes.some(
    (outcome) => outcome.status === 'cancelled' && typeof outcome.because === 'object',
  );
  if (lacks && !stop.aborted) return 'failed';
  const interrupted = outcomes.some(
    (outcome) => outcome.status === 'cancelled' && outcome.because === 'interrupted',
  );
  return interrupted || stop.aborted ? 'interrupted' : 'succeeded';
}
