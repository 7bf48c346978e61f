import type {Inspection} from '../../pipeline/cache/inspect.js';
import {type Settled, schedule, succeeded} from '../../pipeline/execute/schedule.js';
import type {ArtifactRecord} from '../../pipeline/model/artifact.js';
import type {Decision} from '../../pipeline/model/decision.js';
import type {News} from '../../pipeline/model/event.js';
import type {Failure} from '../../pipeline/model/failure.js';
import {err, ok, type Result} from '../../pipeline/model/result.js';
import type {Stage, StageGraph} from '../../pipeline/model/stage.js';
import {digest, graphOf, id, need, stage} from '../cache/stages.js';
import {fingerprint, RUN, STORY} from '../store/workplace.js';

type World = Readonly<{
  decisions?: Readonly<Record<string, Decision['action']>>;
  failing?: readonly string[];
  /** Stages that end only when told. */
  held?: readonly string[];
  selected?: readonly string[];
  slots?: Readonly<Record<string, number>>;
  width?: number;
  keepGoing?: boolean;
  stop?: AbortSignal;
  unreadable?: readonly string[];
}>;

const broken: Failure = {reason: 'threw', message: 'broken', trace: ''};

/** Runs a schedule in a world made of plain functions; `log` is what happened, in order. */
export function play(graph: StageGraph, world: World = {}) {
  const log: string[] = [];
  const news: News[] = [];
  const ends = new Map<string, () => void>();
  const starts = new Map<string, () => void>();
  const started = new Map((world.held ?? []).map((name) => [name, gate((open) => starts.set(name, open))]));
  const settled = schedule(
    {
      graph,
      selected: new Set((world.selected ?? [...graph.keys()]).map(id)),
      slots: world.slots ?? {},
      width: world.width ?? 4,
      keepGoing: world.keepGoing ?? false,
      stop: world.stop ?? new AbortController().signal,
    },
    {
      inspect: async (each) => inspection(each, world),
      carryOut: async (order) => {
        const name = order.stage.id;
        log.push(`start ${name}`);
        starts.get(name)?.();
        if (world.held?.includes(name)) await gate((open) => ends.set(name, open));
        log.push(`end ${name}`);
        return world.failing?.includes(name) ? failed() : succeeded(recordOf(order.stage), 'ran');
      },
      succeeded: () => {},
      report: (item) => news.push(item),
      now: () => 0,
    },
  );
  return {
    log,
    news,
    started: (name: string) => started.get(name)!,
    finish: (name: string) => ends.get(name)!(),
    outcomes: async () =>
      Object.fromEntries([...(await settled)].map(([name, {outcome}]) => [name, brief(outcome)])),
  };
}

function gate(keep: (open: () => void) => void): Promise<void> {
  return new Promise(keep);
}

function inspection(each: Stage, {decisions, unreadable}: World): Result<Inspection, Failure> {
  if (unreadable?.includes(each.id)) return err(broken);
  const action = decisions?.[each.id] ?? 'run';
  const found = action === 'run' ? null : recordOf(each);
  return ok({fingerprint: fingerprint({uses: each.id}), decision: {action, because: []}, found});
}

function recordOf(each: Stage): ArtifactRecord {
  const own = {id: each.id, fingerprint: fingerprint({uses: each.id}), run: RUN, output: digest(each.id)};
  return {schema: 'pipeline/stage/v1', ...STORY, ...own, outputs: [], attempt: 1, resumedFrom: null};
}

export function failed(): Settled {
  return {outcome: {status: 'failed', failure: broken}, record: null};
}

function brief(outcome: Settled['outcome']): string {
  switch (outcome.status) {
    case 'succeeded':
      return outcome.how;
    case 'failed':
      return 'failed';
    case 'cancelled':
      return typeof outcome.because === 'string' ? outcome.because : describeNeed(outcome.because);
  }
}

function describeNeed({needs, isSelected}: {needs: string; isSelected: boolean}): string {
  return isSelected ? `needs ${needs}` : `needs ${needs}, left out`;
}

/** data → split, preprocess; both → train → report; notes beside them. */
export function diamond(changed: Readonly<Record<string, Partial<Stage>>> = {}): StageGraph {
  const make = (name: string, needs: readonly string[]) =>
    stage({name, needs: needs.map((other) => need(other, 'files')), ...changed[name]});
  return graphOf(
    make('data', []),
    make('notes', []),
    make('split', ['data']),
    make('preprocess', ['data']),
    make('train', ['split', 'preprocess']),
    make('report', ['train']),
  );
}
