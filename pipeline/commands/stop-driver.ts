import {rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {RUN_FILES} from '../store/layout.js';
import {isSystemError} from '../store/on-disk.js';
import {
  isSameProcess,
  killProcess,
  type ProcessNote,
  signalProcess,
  startTimeOf,
} from '../store/processes.js';
import {readJson} from '../store/read-json.js';
import type {RunRow} from '../store/runs.js';
import {isProcessNote} from '../store/shapes.js';
import type {Store} from '../store/store.js';
import type {Shell} from './shell.js';
import type {Stopping} from './stop-jobs.js';
import type {WaitingLine} from './waiting-line.js';

/** A driver that was told to kill what it runs and is still there after so long is killed itself. */
const KILL_MS = 10_000;
const LOOK_MS = 250;
const HEARD_MS = 2000;
const HEARD_LOOK_MS = 50;

/**
 * Has the driver of a run save what it has and end, and waits for that.
 * @returns false when the wait was ended before, `refused` when it is another user's.
 */
export async function stopDriver(
  {shell, store, row, now}: Stopping,
  driver: ProcessNote,
  wait: WaitingLine,
): Promise<boolean | 'refused'> {
  const request = join(row.place.folder, RUN_FILES.stopRequest);
  if (await isToTell({shell, store, row, request})) {
    if (signalProcess(driver, 'SIGINT') === 'refused') {
      rmSync(request, {force: true});
      return 'refused';
    }
  }
  if (now) {
    // Two that wait to be heard may come in any order.
    if ((await isStopping(store, row)) !== 'ended' && signalProcess(driver, 'SIGTERM') === 'refused')
      return 'refused';
  }
  wait.begin(
    now ? `ending run ${row.record.run} at once` : `run ${row.record.run} saves what it has and ends`,
  );
  for (let waitedMs = 0; store.runs.liveness(row.place) === 'alive'; waitedMs += LOOK_MS) {
    if (shell.interrupted.aborted) return false;
    if (now && waitedMs >= KILL_MS) killProcess(driver);
    wait.look();
    await delay(LOOK_MS, undefined, {signal: shell.interrupted}).catch(() => undefined);
  }
  rmSync(request, {force: true});
  return true;
}

type Asking = Readonly<{shell: Shell; store: Store; row: RunRow; request: string}>;

/** Whether nobody has told the driver yet. A second request would kill: whoever asks twice only waits. */
async function isToTell({shell, store, row, request}: Asking): Promise<boolean> {
  if (row.record.stoppingAt !== undefined) return false;
  try {
    writeFileSync(request, `${JSON.stringify(noteOf(shell), null, 2)}\n`, {flag: 'wx'});
    return true;
  } catch (error) {
    if (!isSystemError(error)) throw error;
    // On a disk that is full or cannot be written a run can be stopped all the same.
    if (!isSystemError(error, 'EEXIST')) return true;
  }
  const other = otherOf(request);
  if (other !== null && other.host === shell.host && isSameProcess(other)) return false;
  // It may have been killed before it had told the driver.
  return (await isStopping(store, row)) === 'unheard';
}

function noteOf({pid, host, argv, now}: Shell): ProcessNote {
  const startTime = startTimeOf(pid) ?? '';
  return {pid, startTime, host, command: ['pipeline', ...argv].join(' '), since: now().toISOString()};
}

/** Who noted the request; null when that is not written down whole. */
function otherOf(request: string): ProcessNote | null {
  try {
    return readJson(request, isProcessNote);
  } catch (error) {
    if (isSystemError(error)) return null;
    throw error;
  }
}

/** Whether the run has written down that it was told to stop; one that hangs is not waited for. */
async function isStopping(store: Store, {place}: RunRow): Promise<'heard' | 'unheard' | 'ended'> {
  for (let waitedMs = 0; waitedMs < HEARD_MS; waitedMs += HEARD_LOOK_MS) {
    const record = store.runs.read(place);
    if (!record.ok) return 'unheard';
    if (record.value.finishedAt !== null) return 'ended';
    if (record.value.stoppingAt !== undefined) return 'heard';
    await delay(HEARD_LOOK_MS);
  }
  return 'unheard';
}
