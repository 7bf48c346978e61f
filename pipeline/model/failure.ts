import type {Diagnostic} from './diagnostic.js';
import {LOST_PEER, type RankExit} from './job-event.js';

/** Why a stage could not finish. The world failed or the data are wrong; a fault of ours is `threw`. */
export type Failure =
  | Readonly<{reason: 'invalid-input'; diagnostics: readonly Diagnostic[]}>
  | Readonly<{
      reason: 'exited';
      what: string;
      code: number | null;
      signal: string | null;
      rank: number | null;
      message: string;
      tail: readonly string[];
      /** Of a job of the runtime agent: how every rank of it ended, `rank` among them. */
      ranks?: readonly RankExit[];
    }>
  | Readonly<{reason: 'timed-out'; what: string; afterMs: number}>
  | Readonly<{reason: 'output-missing'; path: string}>
  /** `refused`: the agent lives, but is not for this driver. */
  | Readonly<{reason: 'agent-lost'; address: string; message: string; refused?: true}>
  /** Another run makes the same artifact, and this one may not wait for it. */
  | Readonly<{reason: 'busy'; message: string; hint: string}>
  | Readonly<{reason: 'environment'; message: string; hint: string}>
  | Readonly<{reason: 'system'; code: string; path: string | null; message: string; hint: string}>
  | Readonly<{reason: 'threw'; message: string; trace: string}>;

/** Signals that come from outside: from the kernel for want of memory, from people, from NCCL when it lost a peer. */
const FROM_OUTSIDE: readonly (string | null)[] = ['SIGKILL', 'SIGHUP', 'SIGABRT', 'SIGBUS'];

/**
 * Whether the world ended the job: a rank, torchrun or the agent was killed, hangs or cannot be reached. Another attempt
 * may go well. Not so a mistake of the user, an exception, a fault of the program (SIGSEGV), or work that was told to stop.
 */
export function isTornDown(failure: Failure): boolean {
  if (failure.reason === 'agent-lost') return failure.refused !== true;
  if (failure.reason !== 'exited' || failure.ranks === undefined) return false;
  const culprit = failure.ranks.find(({rank}) => rank === failure.rank);
  return FROM_OUTSIDE.includes(failure.signal) || culprit?.error?.type === LOST_PEER;
}

/**
 * The failure of work that was told to stop.
 * @param what - Names it: a stage, a job's module, a function.
 */
export function stoppedFailure(what: string, {resumes}: {resumes: boolean} = {resumes: false}): Failure {
  const message = `stopped before its end${resumes ? '; the next run goes on from the last checkpoint' : ''}`;
  return {reason: 'exited', what, code: null, signal: 'SIGTERM', rank: null, message, tail: []};
}
