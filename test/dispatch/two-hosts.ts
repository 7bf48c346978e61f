import {type ChildProcess, execFileSync, spawn} from 'node:child_process';
import {once} from 'node:events';
import {readdirSync, readFileSync} from 'node:fs';
import {createInterface} from 'node:readline';
import {CLI} from '../rig.js';
import {JOBS, until} from './rig.js';

/** Two network namespaces joined by one cable, as two machines with a shared disk. */
export type TwoHosts = Readonly<{
  /** What to put before a command so that it runs on one of them. */
  on(host: Host): readonly string[];
  /** Of the agent's machine. */
  address: string;
  plug(state: 'up' | 'down'): void;
  remove(): void;
}>;

export type Host = 'driver' | 'agent';

const ADDRESS = {driver: '10.99.77.1', agent: '10.99.77.2'} as const;

/** @returns why there are none: no iproute2, or not allowed to. */
export function makeTwoHosts(): TwoHosts | string {
  const names = {driver: `pd${process.pid}`, agent: `pa${process.pid}`} as const;
  const [near, far] = [`vd${process.pid}`, `va${process.pid}`];
  const remove = () => {
    for (const name of Object.values(names)) {
      try {
        ip('netns', 'del', name);
      } catch {
        // It was never there.
      }
    }
  };
  const plug: TwoHosts['plug'] = (state) => ip('-n', names.agent, 'link', 'set', far, state);
  try {
    for (const name of Object.values(names)) ip('netns', 'add', name);
    ip('-n', names.driver, 'link', 'add', near, 'type', 'veth', 'peer', 'name', far, 'netns', names.agent);
    for (const [host, link] of [
      ['driver', near],
      ['agent', far],
    ] as const) {
      ip('-n', names[host], 'address', 'add', `${ADDRESS[host]}/24`, 'dev', link);
      for (const name of ['lo', link]) ip('-n', names[host], 'link', 'set', name, 'up');
    }
    const on: TwoHosts['on'] = (host) => ['ip', 'netns', 'exec', names[host]];
    return {on, address: ADDRESS.agent, plug, remove};
  } catch (error) {
    remove();
    return (error as Error).message.split('\n').slice(0, 2).join(' ');
  }
}

function ip(...args: readonly string[]): void {
  execFileSync('ip', args, {stdio: ['ignore', 'ignore', 'pipe'], timeout: 5000});
}

/** `pipeline agent --listen` on one of the hosts. */
export type StandingAgent = Readonly<{
  address: {host: string; port: number};
  /** What it has said. */
  log(): string;
  /** Ctrl-C. @returns its exit code. */
  end(): Promise<number | null>;
  /** As if the machine had lost its power. */
  killed(): Promise<void>;
}>;

export async function startStanding(
  hosts: TwoHosts,
  {keys, python, cwd}: {keys: string; python: string; cwd: string},
): Promise<StandingAgent> {
  const [command, ...prefix] = hosts.on('agent');
  const args = [...prefix, process.execPath, CLI, 'agent', '--listen', `${hosts.address}:0`, '--keys', keys];
  const child = spawn(command!, args, {
    ...{cwd, stdio: ['ignore', 'ignore', 'pipe']},
    env: {...process.env, PIPELINE_PYTHON: python, PYTHONPATH: JOBS},
  });
  const said: string[] = [];
  createInterface({input: child.stderr!}).on('line', (line) => said.push(line));
  const listening = () =>
    said.map((line) => /listens on .*:(\d+)$/.exec(line)).find((match) => match !== null);
  await until(() => listening() !== undefined || child.exitCode !== null, 'the agent listens', 60_000);
  const match = listening();
  if (match === undefined) throw new Error(said.join('\n'));
  return {
    address: {host: hosts.address, port: Number(match![1])},
    log: () => said.join('\n'),
    end: () => ended(child, 'SIGINT'),
    killed: async () => {
      for (const pid of childrenOf(child.pid!)) process.kill(pid, 'SIGKILL');
      await ended(child, 'SIGKILL');
    },
  };
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const exit = once(child, 'exit');
  child.kill(signal);
  await exit;
  return child.exitCode;
}

function childrenOf(parent: number): readonly number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === parent;
    } catch {
      return false;
    }
  });
}
