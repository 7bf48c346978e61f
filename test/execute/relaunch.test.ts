import assert from 'node:assert/strict';
import {existsSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {carryOut} from '../../pipeline/execute/carry-out.js';
import type {CarryOutTools} from '../../pipeline/execute/carry-out-tools.js';
import {backOffMs} from '../../pipeline/execute/relaunch.js';
import type {Executor} from '../../pipeline/execute/work-order.js';
import type {News} from '../../pipeline/model/event.js';
import type {Failure} from '../../pipeline/model/failure.js';
import type {JobEvent, RankExit} from '../../pipeline/model/job-event.js';
import {err} from '../../pipeline/model/result.js';
import type {Stage} from '../../pipeline/model/stage.js';
import {kind} from '../cache/stages.js';
import {inFolder, storeIn} from '../store/workplace.js';
import {killed, misread, order, tools, write} from './carrying.js';

/** A kind of stage of several ranks, which is tried again twice unless the configuration says otherwise. */
const RANKS = kind({
  retries: 2,
  work: {kind: 'distributed', launch: () => ({module: 'm', ranks: 2, arguments: {}, environment: {}})},
});
const lost = {type: 'LostPeer', message: 'RuntimeError: Connection closed by peer'};
const rank0: RankExit = {rank: 0, code: 1, signal: null, error: lost};
const rank1: RankExit = {rank: 1, code: null, signal: 'SIGKILL', error: null};
const rankKilled: Extract<Failure, {reason: 'exited'}> = {...killed, ranks: [rank0, rank1]};

type Tried = Readonly<{
  attempts: number;
  waits: readonly number[];
  notes: readonly string[];
  failure: Failure | null;
}>;

/** Attempts that end as told, one after the other; then one goes well. */
async function attempts(
  ends: readonly (Failure | Readonly<{failure: Failure; checkpoint: number}>)[],
  stage: Partial<Stage> = {},
  changed: Partial<CarryOutTools> = {},
): Promise<Tried> {
  const [waits, notes]: [number[], string[]] = [[], []];
  let made = 0;
  let failure: Failure | null = null;
  await inFolder(async (folder) => {
    const execute: Executor = async (given) => {
      const end = ends[made++];
      if (end === undefined) return write(given);
      if (!('checkpoint' in end)) return err(end);
      given.context.report({
        type: 'job-event',
        job: 'train',
        jobSeq: made,
        event: checkpoint(end.checkpoint),
      });
      return err(end.failure);
    };
    const settled = await carryOut(
      order({retries: null, kind: RANKS, ...stage}),
      tools(storeIn(folder), execute, {
        pause: async (ms) => void waits.push(ms),
        report: (news) => news.type === 'stage-note' && notes.push(news.text),
        ...changed,
      }),
    );
    if (settled.outcome.status === 'failed') failure = settled.outcome.failure;
  });
  return {attempts: made, waits, notes, failure};
}

function checkpoint(step: number): JobEvent {
  return {at: 1, type: 'checkpoint', step, epoch: 1, path: 'c.pt', sha256: '', bytes: 1};
}

describe('a stage that the world broke', () => {
  it('is tried again in the same resume folder, after longer and longer waits, and says why and how often', () =>
    inFolder(async (folder) => {
      const seen: string[] = [];
      const news: News[] = [];
      const execute: Executor = async (given) => {
        const path = join(given.context.resume, 'checkpoint');
        seen.push(existsSync(path) ? 'goes on' : 'begins');
        writeFileSync(path, '');
        return seen.length < 3 ? err(rankKilled) : write(given);
      };
      const report = (item: News) => news.push(item);
      const given = order({retries: null, kind: RANKS});
      const {outcome} = await carryOut(given, tools(storeIn(folder), execute, {report}));
      assert.equal(outcome.status, 'succeeded');
      assert.deepEqual(seen, ['begins', 'goes on', 'goes on']);
      assert.deepEqual(
        news.map((item) => (item.type === 'stage-note' ? item.text : item.type)),
        [
          'stage-started',
          'rank 1 was killed; rank 0 lost its peer; trying again in 1.0 s (1 of 2)',
          'stage-started',
          'rank 1 was killed; rank 0 lost its peer; trying again in 2.0 s (2 of 2)',
          'stage-started',
        ],
      );
    }));

  it('gives up after its last retry', async () => {
    const {attempts: made, failure} = await attempts([rankKilled, rankKilled, rankKilled]);
    assert.deepEqual([made, failure], [3, rankKilled]);
  });

  it('has all its retries again once an attempt came to a new checkpoint', async () => {
    const daily = [10, 20, 30, 40, 50].map((step) => ({failure: rankKilled, checkpoint: step}));
    const {attempts: made, waits, notes, failure} = await attempts([...daily, rankKilled]);
    assert.deepEqual([made, failure], [7, null]);
    assert.deepEqual(waits, [1000, 1000, 1000, 1000, 1000, 2000]);
    assert.match(notes[4]!, /\(1 of 2\), from the checkpoint at step 50$/);
  });

  it('is not helped by a checkpoint that it had already', async () => {
    const again = {failure: rankKilled, checkpoint: 10};
    const {attempts: made, waits} = await attempts([again, again, again, again]);
    assert.deepEqual([made, waits], [3, [1000, 2000]]);
  });

  it('has not earned its retries again with a checkpoint when its time was over', async () => {
    const late: Failure = {reason: 'timed-out', what: 'm', afterMs: 1000};
    const ends = [10, 20, 30, 40].map((step) => ({failure: late, checkpoint: step}));
    const {attempts: made, failure} = await attempts(ends, {retries: 2});
    assert.deepEqual([made, failure], [3, late]);
  });

  it('waits a minute at most', () => {
    assert.deepEqual([1, 2, 3, 6, 7, 40].map(backOffMs), [1000, 2000, 4000, 32_000, 60_000, 60_000]);
  });

  it('is interrupted, not failed, when it was told to stop, also while it waits', async () => {
    for (const during of ['the attempt', 'the wait']) {
      const stop = new AbortController();
      await inFolder(async (folder) => {
        let made = 0;
        const execute: Executor = async () => {
          made += 1;
          if (during === 'the attempt') stop.abort();
          return err(rankKilled);
        };
        const pause = async () => stop.abort();
        const given = tools(storeIn(folder), execute, {stop: stop.signal, pause});
        const {outcome} = await carryOut(order({retries: 3, kind: RANKS}), given);
        assert.deepEqual([made, outcome], [1, {status: 'cancelled', because: 'interrupted'}]);
      });
    }
  });
});

describe('whether a stage is tried again', () => {
  const timedOut: Failure = {reason: 'timed-out', what: 'm', afterMs: 1000};
  const crashed: Failure = {...rankKilled, signal: 'SIGSEGV', ranks: [rank0, {...rank1, signal: 'SIGSEGV'}]};
  const agentLost: Extract<Failure, {reason: 'agent-lost'}> = {
    reason: 'agent-lost',
    address: 'a',
    message: 'was killed',
  };
  const alone: Failure = {...misread, rank: 0, ranks: [rank0]};
  const stopped: Failure = {
    ...killed,
    signal: 'SIGTERM',
    rank: null,
    ranks: [{...rank0, code: 143, error: null}],
  };
  const mistake: Failure = {reason: 'invalid-input', diagnostics: []};
  const thrown: Failure = {...misread, ranks: [rank0, {...rank1, code: 1, signal: null}]};
  const cases: readonly (readonly [name: string, failure: Failure, unasked: boolean, asked: boolean])[] = [
    ['a rank that was killed', rankKilled, true, true],
    ['torchrun that was killed', {...rankKilled, rank: null}, true, true],
    ['an agent that was lost', agentLost, true, true],
    ['ranks that only lost each other', alone, true, true],
    ['a crash of the program', crashed, false, true],
    ['a time limit', timedOut, false, true],
    ['an agent that refused this driver', {...agentLost, refused: true}, false, false],
    ['an exception', thrown, false, false],
    ['a mistake of the user', mistake, false, false],
    ['a job that somebody told to stop', stopped, false, false],
  ];
  for (const [name, failure, unasked, asked] of cases) {
    it(`after ${name}: ${unasked ? 'yes' : asked ? 'only where the configuration asks for it' : 'no'}`, async () => {
      assert.equal((await attempts([failure])).attempts, unasked ? 2 : 1);
      assert.equal((await attempts([failure], {retries: 1})).attempts, asked ? 2 : 1);
      assert.equal((await attempts([failure], {retries: 0})).attempts, 1);
    });
  }

  it('is for stages of several ranks, unless the configuration asks for it', async () => {
    assert.equal((await attempts([killed], {kind: kind({work: {kind: 'exec'}})})).attempts, 1);
    assert.equal((await attempts([killed], {kind: kind({work: {kind: 'exec'}}), retries: 1})).attempts, 2);
  });

  it('fails with the first thing that is not to be tried again', async () => {
    const {attempts: made, failure} = await attempts([rankKilled, thrown]);
    assert.deepEqual([made, failure], [2, thrown]);
  });
});
