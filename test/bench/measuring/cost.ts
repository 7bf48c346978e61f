import {execa} from 'execa';

/** Seconds on the clock, and of processor time of the process and all that it waited for; infinite past the limit. */
export type Cost = Readonly<{wall: number; processor: number}>;

/** @throws When the command fails, with what it said. */
export async function costOf(
  command: readonly string[],
  {folder, limitSeconds = 300}: {folder: string; limitSeconds?: number},
): Promise<Cost & Readonly<{output: string}>> {
  // A shell knows what a process and its children took; Node does not.
  const script = `TIMEFORMAT="@%R %U %S"; time timeout ${limitSeconds} "$@" 2>&1`;
  const {stdout, stderr, exitCode} = await execa('bash', ['-c', script, 'bash', ...command], {
    cwd: folder,
    env: {NO_COLOR: '1'},
    reject: false,
    maxBuffer: 1 << 28,
  });
  const never = Number.POSITIVE_INFINITY;
  if (exitCode === TIMED_OUT) return {wall: never, processor: never, output: stdout};
  if (exitCode !== 0) throw new Error(`${command.join(' ')}: ${stdout.slice(-2000)}${stderr}`);
  const [wall, user, system] = stderr.slice(stderr.lastIndexOf('@') + 1).split(' ');
  return {wall: Number(wall), processor: Number(user) + Number(system), output: stdout};
}

/** Of timeout(1). */
const TIMED_OUT = 124;

/** `0.82 s (0.80 to 0.95)`; in seconds. */
export function rangeOf(seconds: readonly number[], digits = 2): string {
  const sorted = seconds.toSorted((a, b) => a - b);
  const text = (value: number): string => value.toFixed(digits);
  const middle = `${text(medianOf(sorted))} s`;
  return sorted.length === 1
    ? `${middle} (once)`
    : `${middle} (${text(sorted[0]!)} to ${text(sorted.at(-1)!)})`;
}

export function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}
