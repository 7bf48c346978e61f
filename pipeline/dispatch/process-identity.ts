import {readFileSync} from 'node:fs';

/** A process for good: pids are used again, pairs of pid and start time are not. */
export type ProcessIdentity = Readonly<{
  pid: number;
  /** Clock ticks since boot; null where the system has no /proc. */
  startTime: number | null;
}>;

/** Field 22 of /proc/<pid>/stat. @returns null when the process is gone (a zombie is) or there is no /proc. */
export function startTimeOf(pid: number): number | null {
  const fields = statOf(pid);
  return fields === null || fields[0] === 'Z' || fields[0] === 'X' ? null : Number(fields[19]);
}

/** Whether that very process still runs. */
export function isAlive({pid, startTime}: ProcessIdentity): boolean {
  if (startTime !== null) return startTimeOf(pid) === startTime;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** SIGKILL by default, to the process or, with `group`, to its whole group; nothing when it is gone. */
export function killProcess(
  identity: ProcessIdentity,
  options: Readonly<{group?: boolean; signal?: NodeJS.Signals}> = {},
): void {
  if (!isAlive(identity)) return;
  try {
    process.kill(options.group ? -identity.pid : identity.pid, options.signal ?? 'SIGKILL');
  } catch {
    // It ended between the look and the signal.
  }
}

function statOf(pid: number): readonly string[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the name in parentheses, which may hold spaces and parentheses itself.
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
}
