import {type Failure, isTornDown} from '../model/failure.js';
import type {Stage} from '../model/stage.js';
import type {StageKind} from '../model/stage-kind.js';

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 60_000;

/** Whether, and how often in a row, a stage that failed is tried again. */
export type Retries = Readonly<{
  /** Attempts after the first one that make no progress. */
  limit: number;
  allow(failure: Failure): boolean;
}>;

/**
 * Where the configuration says nothing, the kind decides, and only what broke from outside is tried again. Retries that
 * were asked for are also for a crash and for a time limit.
 */
export function retriesOf({kind, retries}: {kind: StageKind; retries: Stage['retries']}): Retries {
  // What ran in this process ends only when it wants to, and would write beside the next attempt.
  if (kind.work.kind === 'in-process') return {limit: 0, allow: isTornDown};
  if (retries === null) return {limit: kind.retries ?? 0, allow: isTornDown};
  return {limit: retries, allow: (failure) => isTornDown(failure) || isCrash(failure)};
}

/** 1 s, 2 s, 4 s … up to a minute. @param retry - Counts from 1. */
export function backOffMs(retry: number): number {
  return Math.min(FIRST_WAIT_MS * 2 ** (retry - 1), LONGEST_WAIT_MS);
}

function isCrash(failure: Failure): boolean {
  if (failure.reason === 'timed-out') return true;
  if (failure.reason !== 'exited') return false;
  // A job that was told to stop was told so by somebody.
  const isStopped = failure.ranks !== undefined && failure.rank === null && failure.signal === 'SIGTERM';
  return failure.signal !== null && !isStopped;
}
