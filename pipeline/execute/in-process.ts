import {stoppedFailure} from '../model/failure.js';
import {err} from '../model/result.js';
import type {StageResult, Work} from '../model/stage-kind.js';
import type {WorkOrder} from './work-order.js';

/** How long a stage may take to notice that it should stop, before nobody waits for it any more. */
const GRACE_MS = 5000;

type InProcess = Extract<Work, {kind: 'in-process'}>;

/**
 * Runs a stage that is written in TypeScript. At its time limit its signal is aborted as well. It is waited for until
 * it has stopped; one that does not listen is given up and noted.
 */
export async function runInProcess(work: InProcess, order: WorkOrder): Promise<StageResult> {
  const {stage, context, kill} = order;
  const {timeoutMs} = stage;
  const limit = new AbortController();
  const timer = timeoutMs === null ? undefined : setTimeout(() => limit.abort(), timeoutMs);
  const signal = AbortSignal.any([context.signal, limit.signal]);
  const given = giveUp(signal, kill);
  try {
    const running = work.run({...context, signal});
    const result = await Promise.race([running, given.up]);
    if (result === null) order.noteAbandoned(running);
    if (limit.signal.aborted && timeoutMs !== null && !(result?.ok ?? false)) {
      return err({reason: 'timed-out', what: stage.id, afterMs: timeoutMs});
    }
    return result ?? err(stoppedFailure(stage.id));
  } finally {
    clearTimeout(timer);
    given.cancel();
  }
}

/** `up` settles when the stage has had its time to stop, or must stop at once. */
function giveUp(signal: AbortSignal, kill: AbortSignal): {up: Promise<null>; cancel(): void} {
  let timer: NodeJS.Timeout | undefined;
  let resolve: (value: null) => void = () => {};
  const up = new Promise<null>((settle) => {
    resolve = settle;
  });
  const now = () => resolve(null);
  const later = () => {
    timer = setTimeout(now, GRACE_MS);
  };
  signal.addEventListener('abort', later, {once: true});
  kill.addEventListener('abort', now, {once: true});
  if (signal.aborted) later();
  if (kill.aborted) now();
  const cancel = () => {
    clearTimeout(timer);
    signal.removeEventListener('abort', later);
    kill.removeEventListener('abort', now);
  };
  return {up, cancel};
}
