import assert from 'node:assert/strict';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {CarryOutTools} from '../../pipeline/execute/carry-out-tools.js';
import type {RunOrder, Settled} from '../../pipeline/execute/schedule.js';
import type {Executor} from '../../pipeline/execute/work-order.js';
import type {Failure} from '../../pipeline/model/failure.js';
import {ok} from '../../pipeline/model/result.js';
import type {Store} from '../../pipeline/store/store.js';
import {EXEC, kind, stage} from '../cache/stages.js';
import {fingerprint, RUN, STAGE} from '../store/workplace.js';

/** By whoever kills ranks. */
export const killed: Extract<Failure, {reason: 'exited'}> = {
  ...{reason: 'exited', what: 'train', code: null, signal: 'SIGKILL', rank: 1},
  ...{message: 'rank 1 was killed', tail: []},
};
/** By its own exception. */
export const misread: Extract<Failure, {reason: 'exited'}> = {
  ...killed,
  code: 1,
  signal: null,
  message: 'ValueError: bad',
};

export const write: Executor = async ({context}) => {
  writeFileSync(join(context.out, 'best.pt'), 'weights');
  return ok({epochs: 3});
};

/** An order for a stage of a program. */
export function order(changed: Partial<RunOrder['stage']> = {}): RunOrder {
  const because = [{code: 'first-run', text: 'first run'}] as const;
  return {
    stage: stage({name: STAGE, kind: kind({work: EXEC}), ...changed}),
    inspection: {fingerprint: fingerprint(), decision: {action: 'run', because}, found: null},
    needs: [],
  };
}

/** A world in which nothing else happens, and no time passes. */
export function tools(store: Store, execute: Executor, changed: Partial<CarryOutTools> = {}): CarryOutTools {
  return {
    ...{store, execute, run: RUN, runFolder: '/run', concurrency: 2, waitForLock: true},
    dismiss: async () => ok(null),
    changedInputs: async () => [],
    digestsOf: () => new Map(),
    earlierOf: async () => [],
    leftoversOf: () => [],
    python: () => assert.fail('not asked for here'),
    sourcesOf: async () => ({}),
    report: () => {},
    isForced: () => false,
    stop: new AbortController().signal,
    kill: new AbortController().signal,
    now: () => new Date('2026-01-05T10:00:00.000Z'),
    pause: async () => {},
    ...changed,
  };
}

export function failureOf({outcome}: Settled): Failure {
  assert.ok(outcome.status === 'failed', JSON.stringify(outcome));
  return outcome.failure;
}
