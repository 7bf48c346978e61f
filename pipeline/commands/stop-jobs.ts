import type {LeftEnd} from '../dispatch/stop-left.js';
import {killGroup} from '../execute/process-group.js';
import {EXIT, type ExitCode} from '../model/exit-code.js';
import {err, ok, type Result} from '../model/result.js';
import {agentText} from '../show/activity.js';
import {readAttempts} from '../store/attempts.js';
import type {LivingJob} from '../store/job-folder.js';
import {onDisk} from '../store/on-disk.js';
import {isSameProcess} from '../store/processes.js';
import type {RunRow} from '../store/runs.js';
import type {Store} from '../store/store.js';
import {placeOf} from './agent-place.js';
import {sayFailure} from './say-failure.js';
import {sayFaults} from './say-faults.js';
import type {Shell} from './shell.js';
import type {WaitingLine} from './waiting-line.js';

/** A run that is to end; `now`: without saving. */
export type Stopping = Readonly<{shell: Shell; store: Store; row: RunRow; now: boolean; json: boolean}>;

/** `inTime`: nobody ended the wait before; `lost`: jobs that their agents, which were asked, do not have any more. */
export type JobsStopped = Readonly<{inTime: boolean; lost: readonly LivingJob[]}>;

/** From the request to save to SIGKILL: what a driver gives its job on the first Ctrl-C. */
const GRACE_SECONDS = 25;

/**
 * Ends what goes on of a run whose driver is gone, through its agents.
 * @returns the exit code when they could not be told: why was said.
 */
export async function stopJobs(
  {shell, store, row, now}: Stopping,
  wait: WaitingLine,
): Promise<Result<JobsStopped, ExitCode>> {
  const lost: LivingJob[] = [];
  const looked = store.runs.look(row.place);
  const jobs = looked.ok ? looked.value.jobs : row.jobs;
  for (const job of jobs) {
    const ends = now ? 'ends at once' : 'saves and ends';
    wait.begin(`${job.stage} goes on without a driver (${agentText(job.agent)}); it ${ends}`);
    const graceSeconds = now ? 0 : GRACE_SECONDS;
    const stopped =
      job.agent.where === 'here'
        ? await stopHere(job, {graceSeconds, shell, wait})
        : await stopElsewhere(job, {graceSeconds, shell, store, row});
    if (!stopped.ok) return stopped;
    if (stopped.value === 'given-up') return ok({inTime: false, lost});
    if (stopped.value === 'gone') lost.push(job);
  }
  const killed = now ? killChildren({shell, store, row}) : ok(null);
  return killed.ok ? ok({inTime: true, lost}) : killed;
}

/** `given-up`: the wait was ended before. */
type JobEnd = LeftEnd | 'given-up';

async function stopHere(
  {folder, fingerprint}: LivingJob,
  {graceSeconds, shell, wait}: {graceSeconds: number; shell: Shell; wait: WaitingLine},
): Promise<Result<JobEnd, never>> {
  // Late, as the other one: it loads a native module.
  const {stopJob} = await import('../dispatch/stop-job.js');
  const {interrupted: signal} = shell;
  const request = {dir: folder, job: fingerprint, graceSeconds, signal, onLook: wait.look};
  return ok((await stopJob(request)) ? 'stopped' : 'given-up');
}

async function stopElsewhere(
  {fingerprint, folder: dir}: LivingJob,
  {graceSeconds, shell, store, row}: {graceSeconds: number; shell: Shell; store: Store; row: RunRow},
): Promise<Result<JobEnd, ExitCode>> {
  const {agent, folder} = row.record.choices!;
  const place = placeOf({...shell, folder}, {agent: agent!.address, agentKeys: agent!.keys});
  if (!place.ok || place.value.where === 'here') {
    sayFaults(shell, place.ok ? [] : [place.error]);
    return err(EXIT.usage);
  }
  const {stopLeft} = await import('../dispatch/stop-left.js');
  const request = {job: fingerprint, dir, locks: store.locks, graceSeconds, signal: shell.interrupted};
  const stopped = await stopLeft(place.value, request);
  if (stopped.ok) return stopped;
  if (shell.interrupted.aborted) return ok('given-up');
  const hint = `once it answers: pipeline stop ${row.record.run}`;
  return err(sayFailure(shell, {reason: 'environment', message: stopped.error, hint}));
}

/** What commands of this run have started; another run may be at work on the same artifacts by now. */
function killChildren({
  shell,
  store,
  row,
}: Pick<Stopping, 'shell' | 'store' | 'row'>): Result<null, ExitCode> {
  // As it is by now: what this run has ended is not to be looked for.
  const record = store.runs.read(row.place);
  if (!record.ok) return err(sayFailure(shell, record.error));
  const {run, stages} = record.value;
  const killed = onDisk(store.layout.resumeFolders, () => {
    for (const {fingerprint, outcome} of stages) {
      if (fingerprint === null || outcome !== null) continue;
      const own = readAttempts(store.layout, fingerprint).filter((attempt) => attempt.run === run);
      const children = own.flatMap((attempt) => attempt.children);
      for (const child of children) {
        if (child.host === shell.host && isSameProcess(child)) killGroup(child.pid, 'SIGKILL');
      }
    }
    return null;
  });
  return killed.ok ? killed : err(sayFailure(shell, killed.error));
}
