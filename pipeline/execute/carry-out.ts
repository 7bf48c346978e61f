import {restoredFrom} from '../cache/decide.js';
import type {Outcome} from '../model/event.js';
import type {Failure} from '../model/failure.js';
import type {JsonObject} from '../model/json.js';
import {endsOfRanks} from '../model/rank-exits.js';
import type {StageResult} from '../model/stage-kind.js';
import {formatDuration} from '../model/words.js';
import type {Attempt} from '../store/artifacts.js';
import {isSystemError, systemFailure} from '../store/on-disk.js';
import {startTimeOf} from '../store/processes.js';
import type {CarryOutTools} from './carry-out-tools.js';
import {clearTheWay, takeStageLock} from './clear-way.js';
import {contextOf} from './context.js';
import {backOffMs, retriesOf} from './relaunch.js';
import {type RunOrder, type Settled, succeeded} from './schedule.js';

/** Makes the artifact of one stage, with as many retries as it may have. Rejects only for a fault of ours. */
export async function carryOut(order: RunOrder, tools: CarryOutTools): Promise<Settled> {
  const {digest} = order.inspection.fingerprint;
  const lock = await takeStageLock(order, tools);
  if (!lock.ok) return tools.stop.aborted ? interrupted : failed(lock.error);
  const abandoned: Promise<unknown>[] = [];
  try {
    const fresh = tools.isForced(order);
    // The run that we waited for may have made it.
    const made = lock.value.waited && !fresh ? tools.store.artifacts.find(digest) : null;
    if (made !== null && (await tools.store.artifacts.verify(made)).length === 0) {
      // It was decided that the stage runs, and now it does not.
      const decision = {action: 'restore', because: [restoredFrom(made)]} as const;
      tools.report({type: 'stage-decided', stage: order.stage.id, fingerprint: digest, decision});
      return succeeded(made, 'restored');
    }
    return await tryAll(order, {...tools, abandoned}, fresh);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return failed(systemFailure(error, tools.store.layout.home));
  } finally {
    // Where work goes on that does not stop, the kernel drops the lock when this process ends.
    if (abandoned.length === 0) lock.value.release();
    else void Promise.allSettled(abandoned).then(lock.value.release);
  }
}

type TryTools = CarryOutTools & Readonly<{abandoned: Promise<unknown>[]}>;

async function tryAll(order: RunOrder, given: TryTools, fresh: boolean): Promise<Settled> {
  const {stage} = order;
  const retries = retriesOf(stage);
  const {tools, checkpoint} = watchCheckpoints(given);
  let reached = 0;
  for (let attempt = 1, retry = 1; ; attempt += 1, retry += 1) {
    const ended = await tryOnce(order, tools, fresh && attempt === 1);
    if (ended.outcome.status !== 'failed') return ended;
    const {failure} = ended.outcome;
    if (tools.stop.aborted) return interrupted;
    // An attempt that came further has earned all its retries again: one mishap a day must not end a week's training.
    // One whose time was over has not: a limit that every attempt begins anew would be none.
    if (checkpoint() > reached && failure.reason !== 'timed-out') retry = 1;
    reached = checkpoint();
    if (retry > retries.limit || !retries.allow(failure)) return ended;
    const waitMs = backOffMs(retry);
    const again = `trying again in ${formatDuration(waitMs / 1000)} (${retry} of ${retries.limit})`;
    const text = `${describe(failure)}; ${again}${reached > 0 ? `, from the checkpoint at step ${reached}` : ''}`;
    tools.report({stage: stage.id, type: 'stage-note', level: 'warning', text});
    await tools.pause(waitMs, tools.stop);
    if (tools.stop.aborted) return interrupted;
  }
}

/** The tools, and the step of the latest checkpoint that was reported through them; 0 before there is one. */
function watchCheckpoints(given: TryTools): {tools: TryTools; checkpoint: () => number} {
  let step = 0;
  const report: TryTools['report'] = (news) => {
    if (news.type === 'job-event' && news.event.type === 'checkpoint') step = Math.max(step, news.event.step);
    given.report(news);
  };
  return {tools: {...given, report}, checkpoint: () => step};
}

async function tryOnce(order: RunOrder, tools: TryTools, fresh: boolean): Promise<Settled> {
  const {stage, inspection} = order;
  const {fingerprint} = inspection;
  const cleared = await clearTheWay(fingerprint.digest, {...tools, fresh});
  if (!cleared.ok) return failed(cleared.error);
  const begun = tools.store.artifacts.begin({stage: stage.id, fingerprint, run: tools.run, fresh});
  if (!begun.ok) return failed(begun.error);
  const attempt = begun.value;
  tools.report({type: 'stage-started', stage: stage.id, attempt: attempt.number});
  const startedAt = tools.now();
  const result = await execute(order, tools, attempt);
  if (result.ok) return finish({order, tools, attempt, startedAt, summary: result.value});
  attempt.abandon();
  return failed(result.error);
}

/** Whatever the executor throws that the system said is the world's failure, the rest is ours and told with a trace. */
async function execute(order: RunOrder, tools: TryTools, attempt: Attempt): Promise<StageResult> {
  try {
    return await tools.execute({
      stage: order.stage,
      context: contextOf(order, attempt, tools),
      kill: tools.kill,
      fingerprint: order.inspection.fingerprint.digest,
      run: tools.run,
      noteChild: (child) => noteChild(attempt, child),
      noteAbandoned: (work) => tools.abandoned.push(work),
    });
  } catch (error) {
    if (isSystemError(error)) return {ok: false, error: systemFailure(error, attempt.out)};
    const {message, stack} = error instanceof Error ? error : new Error(String(error));
    return {ok: false, error: {reason: 'threw', message, trace: stack ?? ''}};
  }
}

/** Of a process that is gone already there is nothing to note. */
function noteChild(attempt: Attempt, {pid, command}: {pid: number; command: string}): void {
  const startTime = startTimeOf(pid);
  if (startTime !== null) attempt.noteChild({pid, startTime, command});
}

async function finish(done: {
  order: RunOrder;
  tools: CarryOutTools;
  attempt: Attempt;
  startedAt: Date;
  summary: JsonObject;
}): Promise<Settled> {
  const {order, tools, attempt, startedAt, summary} = done;
  const {kind} = order.stage;
  const tainted = await tools.changedInputs(order);
  const finishedAt = tools.now();
  const committed = await attempt.commit({
    ...{uses: kind.uses, type: kind.output, decision: order.inspection.decision, summary, tainted},
    inputs: order.needs.map(({record}) => ({
      ...{stage: record.id, uses: record.uses, type: record.type},
      ...{fingerprint: record.fingerprint.digest, output: record.output},
    })),
    startedAt: startedAt.toISOString(),
    finishedAt: finishedAt.toISOString(),
    seconds: (finishedAt.getTime() - startedAt.getTime()) / 1000,
    sources: await tools.sourcesOf(kind),
  });
  if (committed.ok) return succeeded(committed.value, 'ran');
  attempt.abandon();
  return failed(committed.error);
}

function describe(failure: Failure): string {
  if (failure.reason === 'timed-out') return `${failure.what} took longer than ${failure.afterMs / 1000} s`;
  if (failure.reason !== 'exited') return 'message' in failure ? failure.message : failure.reason;
  const others = endsOfRanks(failure.ranks ?? [], failure.rank);
  return others === '' ? failure.message : `${failure.message}; ${others}`;
}

const interrupted: Settled = {outcome: {status: 'cancelled', because: 'interrupted'}, record: null};

function failed(failure: Failure): Settled {
  const outcome: Outcome = {status: 'failed', failure};
  return {outcome, record: null};
}
