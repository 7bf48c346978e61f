import {randomUUID} from 'node:crypto';
import {readdirSync, readFileSync} from 'node:fs';
import {setTimeout as delay} from 'node:timers/promises';

const MARK = 'PIPELINE_TEST_RUN';
const PATIENCE_MS = 5_000;
const POLL_MS = 100;

/** Every process that a test starts inherits the mark, grandchildren and detached ones too. */
export function mochaGlobalSetup(): void {
  process.env[MARK] = randomUUID();
}

/** A test that leaves a process running fails the whole run, and says which. The processes are ended. */
export async function mochaGlobalTeardown(): Promise<void> {
  const mark = `${MARK}=${process.env[MARK]}`;
  const end = Date.now() + PATIENCE_MS;
  let left = leftProcesses(mark);
  while (left.length > 0 && Date.now() < end) {
    await delay(POLL_MS);
    left = leftProcesses(mark);
  }
  if (left.length === 0) return;
  for (const {pid} of left) process.kill(pid, 'SIGKILL');
  throw new Error(
    `Left running by tests:\n${left.map(({pid, command}) => `  ${pid} ${command}`).join('\n')}`,
  );
}

type Left = Readonly<{pid: number; command: string}>;

/** Reads /proc; where there is none (macOS) nothing is found. */
function leftProcesses(mark: string): readonly Left[] {
  const left: Left[] = [];
  for (const pid of processes()) {
    if (pid === process.pid) continue;
    const environment = read(`/proc/${pid}/environ`);
    if (environment.split('\0').includes(mark)) {
      left.push({pid, command: read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').slice(0, 200)});
    }
  }
  return left;
}

function processes(): readonly number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

/** @returns nothing for a process that has gone away, or that is another user's. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
