import {execFileSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {setTimeout as delay} from 'node:timers/promises';

/** Names one process for good: its number alone is given to another one sooner or later. */
export type ProcessIdentity = Readonly<{pid: number; startTime: string}>;

/** A process as written beside what it owns (a lock, a run, an attempt). */
export type ProcessNote = ProcessIdentity & Readonly<{host: string; command: string; since: string}>;

/** `elsewhere`: it was noted on another machine, which cannot be asked. */
export type Liveness = 'alive' | 'dead' | 'elsewhere';

export function livenessOf(note: ProcessNote, host: string): Liveness {
  if (note.host !== host) return 'elsewhere';
  return isSameProcess(note) ? 'alive' : 'dead';
}

export function isSameProcess({pid, startTime}: ProcessIdentity): boolean {
  return startTimeOf(pid) === startTime;
}

/**
 * When the process started, as text that is only good for comparing; null when there is none (a zombie is none).
 * Linux: boot id and field 22 of /proc/<pid>/stat (clock ticks since boot). Elsewhere: what `ps -o lstart=` prints,
 * to the second. Mirrored by start_time in py/chexnet/runtime/process.py.
 */
export function startTimeOf(pid: number): string | null {
  return process.platform === 'linux' ? startTimeFromProc(pid) : startTimeFromPs(pid);
}

/**
 * Sends a signal to exactly this process; one that was stopped (Ctrl-Z) is woken to hear it.
 * @returns false when it is gone, `refused` when it is not ours.
 */
export function signalProcess(who: ProcessIdentity, signal: NodeJS.Signals): boolean | 'refused' {
  if (!isSameProcess(who)) return false;
  try {
    process.kill(who.pid, signal);
    process.kill(who.pid, 'SIGCONT');
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? 'refused' : false;
  }
}

/** SIGKILL; nothing when it is gone or not ours to end. */
export function killProcess(who: ProcessIdentity): void {
  if (isSameProcess(who)) sendSignal(who, 'SIGKILL');
}

/**
 * Ends a process that is no child of ours: SIGTERM, then SIGKILL once the grace is over.
 * @returns false when it is still there (it belongs to somebody else, or hangs in the kernel).
 */
export async function endProcess(who: ProcessIdentity, {graceMs}: {graceMs: number}): Promise<boolean> {
  for (const [signal, waitMs] of [
    ['SIGTERM', graceMs],
    ['SIGKILL', 2000],
  ] as const) {
    if (!isSameProcess(who)) return true;
    sendSignal(who, signal);
    if (await gone(who, waitMs)) return true;
  }
  return false;
}

/**
 * Waits until the process is gone. The kernel tells only a parent when a process ends, so the others have to look.
 * @returns false when it still lives after that time.
 */
export async function gone(who: ProcessIdentity, withinMs: number): Promise<boolean> {
  for (const until = Date.now() + withinMs; isSameProcess(who); await delay(20)) {
    if (Date.now() >= until) return false;
  }
  return true;
}

function sendSignal({pid}: ProcessIdentity, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone meanwhile, or not ours to end.
  }
}

function startTimeFromProc(pid: number): string | null {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The command, in parentheses, may hold spaces and parentheses; the third field follows the last one.
    const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
    const [state, ticks] = [fields[0], fields[22 - 3]];
    if (state === 'Z' || state === 'X' || ticks === undefined) return null;
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()}/${ticks}`;
  } catch {
    return null;
  }
}

function startTimeFromPs(pid: number): string | null {
  try {
    const text = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      // The names of days and months.
      env: {...process.env, LC_ALL: 'C'},
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
    return text === '' ? null : text;
  } catch {
    return null;
  }
}
