import type {Inspection} from '../cache/inspect.js';
import type {ArtifactRecord} from '../model/artifact.js';
import type {News, Outcome} from '../model/event.js';
import type {Failure} from '../model/failure.js';
import type {Result} from '../model/result.js';
import type {Digest, Stage, StageGraph, StageId} from '../model/stage.js';
import {Slots} from './slots.js';

export type ScheduleRequest = Readonly<{
  graph: StageGraph;
  /** The stages that may run; the others are only looked up. */
  selected: ReadonlySet<StageId>;
  slots: Readonly<Record<string, number>>;
  /** How many stages may run at once. */
  width: number;
  /** Whether stages that do not need a failed one still run. */
  keepGoing: boolean;
  stop: AbortSignal;
}>;

export type ScheduleEffects = Readonly<{
  /** What to do with a stage whose needs are settled. */
  inspect(stage: Stage, needs: ReadonlyMap<StageId, Digest>): Promise<Result<Inspection, Failure>>;
  /** Makes the artifact of a stage that must run. Never rejects for what the world does. */
  carryOut(order: RunOrder): Promise<Settled>;
  /** Called for every stage that has its artifact, skipped or not. */
  succeeded(stage: Stage, record: ArtifactRecord): void;
  report(news: News): void;
  /** Milliseconds on a clock that only goes forward. */
  now(): number;
}>;

export type RunOrder = Readonly<{
  stage: Stage;
  inspection: Inspection;
  /** The artifacts of its needs, in the order of `stage.needs`. */
  needs: readonly NeededArtifact[];
}>;

export type NeededArtifact = Readonly<{stage: Stage; record: ArtifactRecord}>;

/** How a stage ended; `record` is its artifact unless it has none. */
export type Settled = Readonly<{outcome: Outcome; record: ArtifactRecord | null}>;

/** Settles every stage as soon as its needs have settled. @returns all of them, in the graph's order. */
export async function schedule(
  request: ScheduleRequest,
  effects: ScheduleEffects,
): Promise<ReadonlyMap<StageId, Settled>> {
  const slots = new Slots(request.slots, request.width);
  const state = {hasFailed: false};
  const settling = new Map<StageId, Promise<Settled>>();
  const depths = depthsOf(request.graph);
  // The graph iterates in topological order, so every need is already in the map.
  for (const stage of request.graph.values()) {
    settling.set(stage.id, settle(stage, {request, effects, slots, depths, settling, state}));
  }
  // All of them, so that a fault of ours in one does not leave another at work unseen.
  await Promise.allSettled(settling.values());
  const settled = new Map<StageId, Settled>();
  for (const [id, promise] of settling) settled.set(id, await promise);
  return settled;
}

type Schedule = Readonly<{
  request: ScheduleRequest;
  effects: ScheduleEffects;
  slots: Slots;
  depths: ReadonlyMap<StageId, number>;
  settling: ReadonlyMap<StageId, Promise<Settled>>;
  state: {hasFailed: boolean};
}>;

/**
 * How many stages stand before each on the longest way to it. What stands further down goes first where several wait, so
 * that the first of many trainings is scored before the last one begins.
 */
function depthsOf(graph: StageGraph): ReadonlyMap<StageId, number> {
  const depths = new Map<StageId, number>();
  for (const {id, needs} of graph.values())
    depths.set(
      id,
      needs.reduce((most, need) => Math.max(most, 1 + depths.get(need.stage)!), 0),
    );
  return depths;
}

async function settle(stage: Stage, given: Schedule): Promise<Settled> {
  const {effects, state} = given;
  const since = {at: effects.now()};
  const settled = await settleTimed(stage, given, since);
  if (settled.outcome.status === 'failed') state.hasFailed = true;
  if (settled.record !== null) effects.succeeded(stage, settled.record);
  const seconds = (effects.now() - since.at) / 1000;
  effects.report({type: 'stage-finished', stage: stage.id, seconds, outcome: settled.outcome});
  return settled;
}

/** @param since - Is set to when work on this stage began: waiting is not counted. */
async function settleTimed(stage: Stage, given: Schedule, since: {at: number}): Promise<Settled> {
  const {request, effects} = given;
  const needs = await settleNeeds(stage, given);
  since.at = effects.now();
  const isSelected = request.selected.has(stage.id);
  if (!Array.isArray(needs)) return cancelled(isSelected ? needs.because : 'not-selected');
  if (request.stop.aborted) return cancelled('interrupted');

  const outputs = new Map(needs.map(({stage: need, record}) => [need.id, record.output]));
  const inspected = await effects.inspect(stage, outputs);
  if (!inspected.ok) {
    // Hashing stops when it is told to.
    if (request.stop.aborted) return cancelled('interrupted');
    if (isSelected) return {outcome: {status: 'failed', failure: inspected.error}, record: null};
    const text = whatItLacks(inspected.error);
    if (text !== null) effects.report({type: 'stage-note', stage: stage.id, level: 'info', text});
    return cancelled('not-selected');
  }
  const inspection = inspected.value;
  const {decision, fingerprint, found} = inspection;
  effects.report({type: 'stage-decided', stage: stage.id, fingerprint: fingerprint.digest, decision});
  if (decision.action !== 'run')
    return succeeded(found!, decision.action === 'skip' ? 'skipped' : 'restored');
  return isSelected ? runStage({stage, inspection, needs}, given, since) : cancelled('not-selected');
}

/** Of a stage that was not to run: a first look at what would keep it from running later. */
function whatItLacks(failure: Failure): string | null {
  const isAbsent = failure.reason === 'system' && failure.code === 'ENOENT' && failure.path !== null;
  return isAbsent ? `would lack ${failure.path}, which is not there` : null;
}

async function settleNeeds(
  stage: Stage,
  {request, settling}: Schedule,
): Promise<NeededArtifact[] | {because: Because}> {
  const needs: NeededArtifact[] = [];
  let because: Because | null = null;
  for (const {stage: id} of stage.needs) {
    const {record, outcome} = await settling.get(id)!;
    const isStopped = outcome.status === 'cancelled' && outcome.because === 'interrupted';
    if (record === null)
      because ??= isStopped ? 'interrupted' : {needs: id, isSelected: request.selected.has(id)};
    else needs.push({stage: request.graph.get(id)!, record});
  }
  return because === null ? needs : {because};
}

async function runStage(order: RunOrder, given: Schedule, since: {at: number}): Promise<Settled> {
  const {request, effects, slots, depths, state} = given;
  const place = {wanted: wantedBy(order.stage), depth: depths.get(order.stage.id)!};
  const giveBack = await slots.take(place, request.stop);
  if (giveBack === null) return cancelled('interrupted');
  try {
    if (state.hasFailed && !request.keepGoing) return cancelled('earlier-failure');
    since.at = effects.now();
    const settled = await effects.carryOut(order);
    // Before the slot is given back: whoever gets it must see the failure.
    if (settled.outcome.status === 'failed') state.hasFailed = true;
    return settled;
  } finally {
    giveBack();
  }
}

/**
 * Two jobs of many ranks at once slow each other down sixfold and more, so each takes the accelerator, of which there is
 * one, unless the stage says what it takes.
 */
function wantedBy({kind, slots}: Stage): Readonly<Record<string, number>> {
  const isSaid = Object.keys(slots).length > 0;
  return kind.work.kind === 'distributed' && !isSaid ? {accelerator: 1} : slots;
}

type Because = Extract<Outcome, {status: 'cancelled'}>['because'];

function cancelled(because: Because): Settled {
  return {outcome: {status: 'cancelled', because}, record: null};
}

/** The outcome of a stage whose artifact is there. */
export function succeeded(record: ArtifactRecord, how: 'skipped' | 'restored' | 'ran'): Settled {
  const {fingerprint, output, tainted, summary} = record;
  const outcome: Outcome = {
    ...{status: 'succeeded', how, fingerprint: fingerprint.digest},
    ...{output, tainted, summary},
  };
  return {outcome, record};
}
