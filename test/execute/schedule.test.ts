import assert from 'node:assert/strict';
import type {Inspection} from '../../pipeline/cache/inspect.js';
import {type RunOrder, type Settled, schedule, succeeded} from '../../pipeline/execute/schedule.js';
import type {ArtifactRecord} from '../../pipeline/model/artifact.js';
import type {Decision} from '../../pipeline/model/decision.js';
import type {News} from '../../pipeline/model/event.js';
import type {Failure} from '../../pipeline/model/failure.js';
import {err, ok, type Result} from '../../pipeline/model/result.js';
import type {Stage, StageGraph, StageId} from '../../pipeline/model/stage.js';
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
function play(graph: StageGraph, world: World = {}) {
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

function failed(): Settled {
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
function diamond(changed: Readonly<Record<string, Partial<Stage>>> = {}): StageGraph {
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

describe('the schedule', () => {
  it('starts a stage once its needs have ended, and not before', async () => {
    const played = play(diamond(), {held: ['split', 'preprocess'], decisions: {notes: 'skip'}});
    await Promise.all([played.started('split'), played.started('preprocess')]);
    assert.deepEqual(played.log, ['start data', 'end data', 'start split', 'start preprocess']);
    played.finish('preprocess');
    played.finish('split');
    await played.outcomes();
    assert.deepEqual(played.log.slice(4), [
      'end preprocess',
      'end split',
      'start train',
      'end train',
      'start report',
      'end report',
    ]);
  });

  it('skips and restores without running, and says so', async () => {
    const decisions = {data: 'skip', split: 'restore', preprocess: 'skip', notes: 'skip'} as const;
    const played = play(diamond(), {decisions});
    assert.deepEqual(await played.outcomes(), {
      ...{data: 'skipped', notes: 'skipped', split: 'restored', preprocess: 'skipped'},
      ...{train: 'ran', report: 'ran'},
    });
    const told = played.news.map((item) => `${item.type} ${'stage' in item ? item.stage : ''}`);
    assert.deepEqual(told.slice(0, 2), ['stage-decided data', 'stage-decided notes']);
    assert.equal(told.filter((text) => text.startsWith('stage-finished')).length, 6);
  });

  it('cancels what needs a failed stage', async () => {
    const played = play(diamond(), {failing: ['split'], keepGoing: true});
    assert.deepEqual(await played.outcomes(), {
      ...{data: 'ran', notes: 'ran', split: 'failed', preprocess: 'ran'},
      ...{train: 'needs split', report: 'needs train'},
    });
  });

  it('starts nothing more after a failure unless it may keep going', async () => {
    const played = play(diamond(), {failing: ['data'], held: ['data'], width: 1});
    await played.started('data');
    played.finish('data');
    assert.deepEqual(await played.outcomes(), {
      ...{data: 'failed', notes: 'earlier-failure', split: 'needs data', preprocess: 'needs data'},
      ...{train: 'needs split', report: 'needs train'},
    });
  });

  it('fails a stage whose declared files cannot be read', async () => {
    const played = play(diamond(), {unreadable: ['notes'], keepGoing: true});
    const outcomes = await played.outcomes();
    assert.deepEqual([outcomes['notes'], outcomes['report']], ['failed', 'ran']);
  });

  it('only looks up what was not selected', async () => {
    const decisions = {data: 'skip', split: 'skip', preprocess: 'run'} as const;
    const played = play(diamond(), {selected: ['train'], decisions});
    assert.deepEqual(await played.outcomes(), {
      ...{data: 'skipped', notes: 'not-selected', split: 'skipped', preprocess: 'not-selected'},
      ...{train: 'needs preprocess, left out', report: 'not-selected'},
    });
    assert.deepEqual(played.log, []);
  });

  it('runs no more stages at once than it may', async () => {
    const played = play(diamond(), {width: 1, held: ['split'], decisions: {notes: 'skip'}});
    await played.started('split');
    assert.ok(!played.log.includes('start preprocess'));
    played.finish('split');
    await played.outcomes();
    assert.deepEqual(played.log.slice(2, 6), [
      'start split',
      'end split',
      'start preprocess',
      'end preprocess',
    ]);
  });

  it('lets two stages that want the same slot run one after the other', async () => {
    const slots = {accelerator: 1};
    const graph = diamond({split: {slots}, preprocess: {slots}});
    const played = play(graph, {held: ['split', 'notes'], slots});
    await Promise.all([played.started('split'), played.started('notes')]);
    assert.ok(!played.log.includes('start preprocess'));
    played.finish('notes');
    played.finish('split');
    assert.equal((await played.outcomes())['report'], 'ran');
  });

  it('runs a stage that wants more than there is alone', async () => {
    const graph = diamond({train: {slots: {cpu: 64}}});
    assert.equal((await play(graph, {slots: {cpu: 2}}).outcomes())['train'], 'ran');
  });

  it('starts nothing more once it is told to stop', async () => {
    const stop = new AbortController();
    const played = play(diamond(), {
      held: ['split', 'preprocess'],
      stop: stop.signal,
      decisions: {notes: 'skip'},
    });
    await Promise.all([played.started('split'), played.started('preprocess')]);
    stop.abort();
    played.finish('split');
    played.finish('preprocess');
    const outcomes = await played.outcomes();
    assert.deepEqual([outcomes['train'], outcomes['report']], ['interrupted', 'interrupted']);
  });

  it('lets a stage that waits for a slot go when it is told to stop', async () => {
    const stop = new AbortController();
    const played = play(diamond(), {width: 1, held: ['data'], stop: stop.signal});
    await played.started('data');
    stop.abort();
    played.finish('data');
    assert.equal((await played.outcomes())['notes'], 'interrupted');
  });

  it('does not hide a fault of ours', async () => {
    const played = schedule(
      {
        graph: diamond(),
        ...{selected: new Set<StageId>(), slots: {}, width: 1, keepGoing: false},
        stop: new AbortController().signal,
      },
      {
        inspect: () => Promise.reject(new Error('Internal error: no such thing')),
        carryOut: (_: RunOrder) => Promise.resolve(failed()),
        succeeded: () => {},
        report: () => {},
        now: () => 0,
      },
    );
    await assert.rejects(played, /Internal error: no such thing/);
  });
});
