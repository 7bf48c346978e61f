import type {Hasher} from '../cache/hash.js';
import {inspectStage} from '../cache/inspect.js';
import type {News} from '../model/event.js';
import type {Digest, RunName, StageGraph, StageId} from '../model/stage.js';
import type {StageKind} from '../model/stage-kind.js';
import type {Store} from '../store/store.js';
import {carryOut} from './carry-out.js';
import type {CarryOutTools} from './carry-out-tools.js';
import {changedInputs} from './changed-inputs.js';
import {earlierArtifacts, leftoverFolders} from './earlier-artifacts.js';
import type {Executors} from './executors.js';
import {type RunOrder, type Settled, schedule} from './schedule.js';

export type RunStagesRequest = Readonly<{
  graph: StageGraph;
  /** The configuration's name. */
  pipeline: string;
  /** How much there is of each kind of slot; one where nothing is said. */
  slots: Readonly<Record<string, number>>;
  selected: ReadonlySet<StageId>;
  forced: ReadonlySet<StageId>;
  /** How many stages may run at once. */
  width: number;
  keepGoing: boolean;
  waitForLock: boolean;
  /** Worker threads or processes that one stage may keep busy. */
  concurrency: number;
  store: Store;
  hasher: Hasher;
  executors: Executors;
  environment: Readonly<Record<string, string | undefined>>;
  run: RunName;
  /** Absolute. */
  runFolder: string;
  sourcesOf(kind: StageKind): Promise<Readonly<Record<string, Digest>>>;
  report(news: News): void;
  /** Checkpoint and stop. */
  stop: AbortSignal;
  /** Stop at once. */
  kill: AbortSignal;
  now(): Date;
  /** Waits so long, or until the signal aborts; never rejects. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
}>;

/** Settles every stage of the graph. The caller reports the run's beginning and end, and closes the executors. */
export async function runStages(request: RunStagesRequest): Promise<ReadonlyMap<StageId, Settled>> {
  const {store, hasher, pipeline, environment, forced, run} = request;
  const facts = {store, hasher, pipeline, environment};
  const tools = toolsOf(request);
  return schedule(request, {
    inspect: (stage, needs) => inspectStage({stage, needs, forced: forced.has(stage.id)}, facts),
    carryOut: (order) => carryOut(order, tools),
    succeeded: (stage, {fingerprint}) => {
      // An index that can be made again: the next run's reasons are all that it is for.
      store.last.record(pipeline, stage.id, {fingerprint, run});
    },
    report: request.report,
    now: () => performance.now(),
  });
}

function toolsOf(request: RunStagesRequest): CarryOutTools {
  const {store, hasher, executors, forced, pipeline} = request;
  return {
    ...request,
    execute: executors.execute,
    dismiss: executors.dismiss,
    changedInputs: (order) => changedInputs(order, {hasher, artifacts: store.artifacts}),
    digestsOf: hasher.known,
    earlierOf: (order) => earlierArtifacts(order, {pipeline, store}),
    leftoversOf: (order) => leftoverFolders(order, {pipeline, store}),
    python: executors.python,
    isForced: ({stage}: RunOrder) => forced.has(stage.id),
  };
}
