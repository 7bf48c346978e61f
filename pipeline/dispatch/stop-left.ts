import {err, ok, type Result} from '../model/result.js';
import {hasEnded} from '../store/job-folder.js';
import type {Locks} from '../store/locks.js';
import {onDisk} from '../store/on-disk.js';
import {noteStanding, standingNote} from '../store/standing.js';
import {addressText, type RemotePlace} from './place.js';
import {type RemoteStop, stopAt} from './stop-remote.js';

/**
 * What became of a job that was left under a standing agent: it was stopped now; it had ended before; the agent does not
 * have it any more, as after a restart.
 */
export type LeftEnd = 'stopped' | 'ended' | 'gone';

/**
 * Has a standing agent save and end a job that no driver looks after, and waits for that. When the agent does not have
 * it any more, that is noted in the job's folder, so that the job does not count as going on for ever.
 * @returns why the agent could not be asked, for people.
 */
export async function stopLeft(
  place: RemotePlace,
  request: RemoteStop & Readonly<{job: string; dir: string; locks: Locks}>,
): Promise<Result<LeftEnd, string>> {
  const stopped = await stopAt(place, request);
  if (!stopped.ok) return stopped;
  if (stopped.value !== null) return ok('stopped');
  const ended = onDisk(request.dir, () => hasEnded(request.dir));
  if (!ended.ok) return err('message' in ended.error ? ended.error.message : ended.error.reason);
  if (!ended.value) await noteLost(place, request);
  return ok(ended.value ? 'ended' : 'gone');
}

/** Not while a driver holds the stage: it may just have given the job to an agent again. */
async function noteLost(
  place: RemotePlace,
  {job, dir, locks}: {job: string; dir: string; locks: Locks},
): Promise<void> {
  const address = addressText(place.address);
  const lock = await locks.acquire(`stage-${job}`, {wait: false});
  if (!lock.ok) return;
  try {
    const note = standingNote(dir);
    if (note !== null && note.address !== address) return;
    noteStanding(dir, {address, lost: `the agent at ${address} does not have it any more`});
  } catch {
    // A folder that cannot be written: it will be asked again.
  } finally {
    lock.value.release();
  }
}
