import type {ArtifactRecord} from '../model/artifact.js';
import type {Decision, Fingerprint, Reason} from '../model/decision.js';
import type {Failure} from '../model/failure.js';
import type {Result} from '../model/result.js';
import type {Digest, Stage, StageGraph, StageId} from '../model/stage.js';
import {onDiskAsync} from '../store/on-disk.js';
import {FIRST_RUN, FORCED} from './decide.js';
import {fingerprintOf, isInKey} from './fingerprint.js';
import {type Facts, folderChangeOf, hashFiles, inspectHashed, type MissingFile} from './inspect.js';
import {changeReasons} from './parts-change.js';

/**
 * What a run would do with one stage.
 * - `ready`: an artifact is there, skipped or restored; its dependents can be decided.
 * - `runs`: it would run; of its dependents only their own changes are known.
 * - `left-out`: it would have to run but was not selected, or it needs one that is left out.
 */
export type PlannedStage = Readonly<{
  stage: Stage;
  state: 'ready' | 'runs' | 'left-out';
  decision: Decision;
  /** Null when it depends on what does not exist yet. */
  fingerprint: Fingerprint | null;
  /** The artifact of this fingerprint; not null when `ready`. */
  found: ArtifactRecord | null;
  missing: readonly MissingFile[];
}>;

export type PlanRequest = Readonly<{
  graph: StageGraph;
  /** The stages that may run; the others are only looked up. */
  selected: ReadonlySet<StageId>;
  forced: ReadonlySet<StageId>;
}>;

/**
 * Walks the graph as a run would, as far as can be told without running anything. Writes nothing.
 * @returns a Failure when the state directory cannot be read.
 */
export async function planRun(
  request: PlanRequest,
  facts: Facts,
): Promise<Result<readonly PlannedStage[], Failure>> {
  return onDiskAsync(facts.store.home, async () => {
    const planned = new Map<StageId, PlannedStage>();
    for (const stage of request.graph.values()) {
      planned.set(stage.id, await planStage({...request, stage, planned}, facts));
    }
    return [...planned.values()];
  });
}

type StageRequest = PlanRequest & Readonly<{stage: Stage; planned: ReadonlyMap<StageId, PlannedStage>}>;

async function planStage(request: StageRequest, facts: Facts): Promise<PlannedStage> {
  const {stage, selected} = request;
  const forced = request.forced.has(stage.id) && selected.has(stage.id);
  const {files, missing} = await hashFiles(stage, facts.hasher);
  const needs = needsOf(request);
  const isOpen = needs.some(({planned, inKey}) =>
    inKey ? planned.state !== 'ready' : planned.state === 'left-out',
  );
  if (missing.length > 0 || isOpen) {
    const leftOut = !selected.has(stage.id) || needs.some(({planned}) => planned.state === 'left-out');
    const because = openReasons({stage, files, missing, needs, forced}, facts);
    const decision: Decision = {action: 'run', because};
    return {stage, state: leftOut ? 'left-out' : 'runs', decision, fingerprint: null, found: null, missing};
  }

  // What is only waited for may still have to run: the fingerprint is known without it.
  const outputs = new Map(
    needs.flatMap(({planned: {stage: need, found}}) => (found === null ? [] : [[need.id, found.output]])),
  );
  const inspection = await inspectHashed({stage, files, needs: outputs, forced}, facts);
  const {action, because} = inspection.decision;
  const decision = {action, because: [...because, ...needs.flatMap(needReason)]};
  const isReady = action !== 'run';
  const state = isReady ? 'ready' : selected.has(stage.id) ? 'runs' : 'left-out';
  return {stage, state, ...inspection, decision, missing};
}

type PlannedNeed = Readonly<{planned: PlannedStage; inKey: boolean}>;

function needsOf({stage, planned}: StageRequest): readonly PlannedNeed[] {
  return stage.needs.map((need) => ({planned: planned.get(need.stage)!, inKey: isInKey(stage, need)}));
}

type OpenStage = Readonly<{
  stage: Stage;
  files: Readonly<Record<string, Digest>>;
  missing: readonly MissingFile[];
  needs: readonly PlannedNeed[];
  forced: boolean;
}>;

/** Of a stage whose inputs are not all there yet: why it waits, and what has changed of the inputs that are known. */
function openReasons(open: OpenStage, facts: Facts): readonly Reason[] {
  return [
    ...(open.forced ? [FORCED] : []),
    ...open.needs.flatMap(needReason),
    ...open.missing.map(missingReason),
    ...ownReasons(open, facts),
  ];
}

function needReason({planned: {stage, state}, inKey}: PlannedNeed): readonly Reason[] {
  if (state === 'ready') return [];
  const verb = inKey || state === 'left-out' ? 'needs' : 'waits for';
  const text = `${verb} ${stage.id}, which ${state === 'runs' ? 'runs' : 'is left out'}`;
  return [{code: 'need-runs', text, stage: stage.id}];
}

function missingReason({file, failure}: MissingFile): Reason {
  const isAbsent = failure.reason === 'system' && failure.code === 'ENOENT';
  const what = isAbsent ? 'is not there' : 'cannot be read';
  return {code: 'file-changed', text: `${file.param} ${what}: ${file.path}`, subject: file.param};
}

function ownReasons({stage, files, missing, needs}: OpenStage, facts: Facts): readonly Reason[] {
  const last = facts.store.last.of(facts.pipeline, stage.id);
  if (last === null) return [FIRST_RUN];
  const before = last.fingerprint.parts;
  // What is not known counts as unchanged: it has its own reason already.
  const known = {...files};
  for (const {file} of missing) {
    const digest = before.files[file.param];
    if (digest !== undefined) known[file.param] = digest;
  }
  const outputs = new Map(
    needs.map(({planned: {stage: need, state, found}}) => [
      need.id,
      state === 'ready' ? found!.output : UNKNOWN,
    ]),
  );
  const {environment, hasher} = facts;
  const after = fingerprintOf({stage, files: known, needs: outputs, environment}).parts;
  const reasons = changeReasons({stage, before, after, folderChange: folderChangeOf(stage, hasher)});
  return reasons.filter(({code, after: now}) => code !== 'need-changed' || now !== UNKNOWN);
}

/** Stands for the output of a stage that has not run: no digest is equal to it. */
const UNKNOWN = 'unknown' as Digest;
