import type {Failure} from '../model/failure.js';
import {err, ok, type Result} from '../model/result.js';
import type {Digest} from '../model/stage.js';
import {readAttempts} from '../store/attempts.js';
import {endProcess, isSameProcess, type ProcessNote} from '../store/processes.js';
import type {CarryOutTools} from './carry-out-tools.js';
import {killGroup} from './process-group.js';
import type {RunOrder} from './schedule.js';

const ORPHAN_GRACE_MS = 1000;

/** `waited`: another run had it, so that the artifact may be there by now. */
export type StageLock = Readonly<{waited: boolean; release(): void}>;

/** Keeps two runs from making one artifact at the same time. */
export async function takeStageLock(
  order: RunOrder,
  tools: CarryOutTools,
): Promise<Result<StageLock, Failure>> {
  const {stage, inspection} = order;
  let waited = false;
  const lock = await tools.store.locks.acquire(`stage-${inspection.fingerprint.digest}`, {
    wait: tools.waitForLock,
    signal: tools.stop,
    onWait: (holder) => {
      waited = true;
      const text = `waits for ${nameOf(holder)}, which makes the same artifact`;
      tools.report({stage: stage.id, type: 'stage-note', level: 'info', text});
    },
  });
  if (lock.ok) return ok({waited, release: lock.value.release});
  if (lock.error.reason !== 'locked') return err(lock.error);
  return err(isLocked(lock.error.holder));
}

/** Ends what killed runs left at work on this artifact, so that nobody else writes while the next attempt does. */
export async function clearTheWay(
  fingerprint: Digest,
  {store, dismiss, stop, fresh}: Pick<CarryOutTools, 'store' | 'dismiss' | 'stop'> & {fresh: boolean},
): Promise<Result<null, Failure>> {
  // A job under an agent is taken over instead, unless everything begins afresh.
  const dismissed = fresh ? await dismiss(store.layout.resume(fingerprint), stop) : ok(null);
  if (!dismissed.ok) return dismissed;
  // The others that still live are runs of their own: theirs is not ours to end, and `begin` says that it is busy.
  const started = readAttempts(store.layout, fingerprint).flatMap(({children}) => children);
  for (const orphan of started.filter(isSameProcess)) {
    killGroup(orphan.pid, 'SIGTERM');
    const isGone = await endProcess(orphan, {graceMs: ORPHAN_GRACE_MS});
    killGroup(orphan.pid, 'SIGKILL');
    if (!isGone) return err(doesNotEnd(orphan));
  }
  return ok(null);
}

function nameOf(holder: ProcessNote | null): string {
  return holder === null ? 'another run' : `process ${holder.pid} (${holder.command})`;
}

function isLocked(holder: ProcessNote | null): Failure {
  const message = `${nameOf(holder)} makes the same artifact`;
  return {reason: 'busy', message, hint: 'run again without --no-wait to wait for it'};
}

function doesNotEnd({pid, command}: ProcessNote): Failure {
  const message = `process ${pid} (${command}) of a killed run does not end`;
  return {reason: 'system', code: 'EBUSY', path: null, message, hint: `end it: kill -9 ${pid}`};
}
