import {killGroup} from '../execute/process-group.js';
import {agentText} from '../show/activity.js';
import type {LivingJob} from '../store/job-folder.js';
import type {RunRow} from '../store/runs.js';
import type {Store} from '../store/store.js';
import {placeOf} from './agent-place.js';
import {sayFaults} from './say-faults.js';
import type {Shell} from './shell.js';
import type {WaitingLine} from './waiting-line.js';

/** A run that is to end; `now`: without saving. */
export type Stopping = Readonly<{shell: Shell; store: Store; row: RunRow; now: boolean; json: boolean}>;

/** From the request to save to SIGKILL: what a driver gives its job on the first Ctrl-C. */
const GRACE_SECONDS = 25;

/**
 * Ends what goes on of a run whose driver is gone, through its agents.
 * @returns false when the wait was ended before, `unreachable` when an agent elsewhere did not answer: that was said.
 */
export async function stopJobs(
  {shell, store, row, now}: Stopping,
  wait: WaitingLine,
): Promise<boolean | 'unreachable'> {
  const looked = store.runs.look(row.place);
  const jobs = looked.ok ? looked.value.jobs : row.jobs;
  for (const job of jobs) {
    const ends = now ? 'ends at once' : 'saves and ends';
    wait.begin(`${job.stage} goes on without a driver (${agentText(job.agent)}); it ${ends}`);
    const graceSeconds = now ? 0 : GRACE_SECONDS;
    const stopped =
      job.agent.where === 'here'
        ? await stopHere(job, {graceSeconds, shell, wait})
        : await stopElsewhere(job, {graceSeconds, shell, row});
    if (stopped !== true) return stopped;
  }
  if (now) killChildren(store, row);
  return true;
}

async function stopHere(
  {folder, fingerprint}: LivingJob,
  {graceSeconds, shell, wait}: {graceSeconds: number; shell: Shell; wait: WaitingLine},
): Promise<boolean> {
  // Late, as the other one: it loads a native module.
  const {stopJob} = await import('../dispatch/stop-job.js');
  const {interrupted: signal} = shell;
  return await stopJob({dir: folder, job: fingerprint, graceSeconds, signal, onLook: wait.look});
}

async function stopElsewhere(
  {fingerprint}: LivingJob,
  {graceSeconds, shell, row}: {graceSeconds: number; shell: Shell; row: RunRow},
): Promise<boolean | 'unreachable'> {
  const {agent, folder} = row.record.choices!;
  const place = placeOf({...shell, folder}, {agent: agent!.address, agentKeys: agent!.keys});
  if (!place.ok || place.value.where === 'here') {
    sayFaults(shell, place.ok ? [] : [place.error]);
    return 'unreachable';
  }
  const {stopAt} = await import('../dispatch/stop-remote.js');
  const request = {job: fingerprint, graceSeconds, signal: shell.interrupted};
  const stopped = await stopAt(place.value, request);
  if (stopped.ok) return true;
  if (shell.interrupted.aborted) return false;
  shell.say(`error: ${stopped.error}\n`);
  return 'unreachable';
}

/** What commands of the run have started. */
function killChildren(store: Store, {record}: RunRow): void {
  for (const {fingerprint, outcome} of record.stages) {
    const orphans = fingerprint === null || outcome !== null ? [] : store.artifacts.orphans(fingerprint);
    for (const {pid} of orphans) killGroup(pid, 'SIGKILL');
  }
}
