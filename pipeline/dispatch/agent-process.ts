import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {closeSync, mkdirSync, openSync, readFileSync} from 'node:fs';
import {constants} from 'node:os';
import {delimiter, join} from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import type {Failure} from '../model/failure.js';
import {err, ok, type Result} from '../model/result.js';
import {gone, isSameProcess, killProcess, type ProcessIdentity} from '../store/processes.js';
import {standingNote} from '../store/standing.js';
import {type Keys, makeKeys, readKeys} from './keys.js';
import {tailOf} from './tail.js';

/** A live agent that can be spoken to. */
export type AgentProcess = ProcessIdentity &
  Readonly<{
    port: number;
    address: string;
    keys: Keys;
    /** Of an agent that this process started and that has ended by itself; else null. Waits a moment for it. */
    exitStatus(): Promise<number | null>;
  }>;

export type AgentRequest = Readonly<{
  python: string;
  /** Absolute path of py/. */
  sourceFolder: string;
  dir: string;
  /** On 127.0.0.1; 0 = any free one. */
  port: number;
  leaseSeconds: number;
  environment: Readonly<Record<string, string | undefined>>;
  /** Ends the wait, and the agent that is not there yet. */
  signal: AbortSignal;
}>;

/** Exit statuses of chexnet.runtime.agent. */
const EXIT_LOCKED = 71;
const EXIT_PORT_TAKEN = 72;
const EXIT_PACKAGE_MISSING = 73;
const EXIT_ERRNO = 100;

const START_LIMIT_MS = 60_000;
const EXIT_LIMIT_MS = 1000;
/** An agent that has the folder and no address yet. */
const LOCKED_MS = 10_000;
const POLL_MS = 20;

/** The agent that still works in this folder, whoever started it. */
export function findAgent(dir: string): AgentProcess | null {
  try {
    const endpoint = JSON.parse(readFileSync(join(dir, 'endpoint.json'), 'utf8')) as Record<string, unknown>;
    const {port, pid, start_time: startTime, keys: file} = endpoint;
    if (typeof port !== 'number' || typeof pid !== 'number') return null;
    if (typeof startTime !== 'string' || typeof file !== 'string') return null;
    const identity = {pid, startTime};
    const keys = isSameProcess(identity) ? readKeys(dir, file) : null;
    return keys && {...identity, port, address: `127.0.0.1:${port}`, keys, exitStatus: async () => null};
  } catch {
    return null;
  }
}

/** Starts an agent that outlives this process, and waits until it can be spoken to. */
export async function startAgent(request: AgentRequest): Promise<Result<AgentProcess, Failure>> {
  mkdirSync(request.dir, {recursive: true});
  const child = spawnAgent(request, makeKeys(request.dir));
  if (child.pid === undefined) {
    const [error] = (await once(child, 'error')) as [Error];
    return err(noPython(request.python, error));
  }
  const ready = await waitUntilReady(request, child);
  if (ready.pid !== null) return ok(ready);
  return err(describeExit(request, ready.code));
}

/** Kills the agent; its ranks die with it. Waits a moment for its end. */
export async function killAgent(agent: ProcessIdentity): Promise<void> {
  killProcess(agent);
  await gone(agent, 5000);
}

function spawnAgent(request: AgentRequest, keys: string): ChildProcess {
  const log = openSync(join(request.dir, 'agent.log'), 'a');
  const path = [request.sourceFolder, request.environment['PYTHONPATH']].filter(Boolean).join(delimiter);
  const {dir, port, leaseSeconds} = request;
  const options = ['--dir', dir, '--keys', keys, '--port', `${port}`, '--lease-seconds', `${leaseSeconds}`];
  try {
    const child = spawn(request.python, ['-m', 'chexnet.runtime.agent', ...options], {
      // A session of its own: Ctrl-C in the terminal is for the driver, which asks for a checkpoint first.
      detached: true,
      cwd: dir,
      env: {...request.environment, PYTHONPATH: path},
      stdio: ['ignore', log, log],
    });
    child.unref();
    return child;
  } finally {
    closeSync(log);
  }
}

async function waitUntilReady(
  {dir, signal}: AgentRequest,
  child: ChildProcess,
): Promise<AgentProcess | Readonly<{pid: null; code: number | null}>> {
  for (let waited = 0; waited < START_LIMIT_MS && !signal.aborted; waited += POLL_MS) {
    const agent = findAgent(dir);
    if (agent !== null && agent.pid === child.pid) return {...agent, exitStatus: () => exitStatusOf(child)};
    // Another driver's agent was quicker, for example one whose driver was killed while it started.
    if (child.exitCode === EXIT_LOCKED && agent !== null) return agent;
    const limitMs = child.exitCode === EXIT_LOCKED && holderElsewhere(dir) === null ? LOCKED_MS : 0;
    const over = child.exitCode !== null && waited >= limitMs;
    if (over || child.signalCode !== null) return {pid: null, code: child.exitCode};
    await delay(POLL_MS);
  }
  child.kill('SIGKILL');
  return {pid: null, code: null};
}

/** The kernel shows a process as gone a moment before its parent hears how it ended. */
async function exitStatusOf(child: ChildProcess): Promise<number | null> {
  for (let waited = 0; waited < EXIT_LIMIT_MS; waited += POLL_MS) {
    if (child.exitCode !== null || child.signalCode !== null) break;
    await delay(POLL_MS);
  }
  return child.exitCode;
}

/** Why an agent ended by itself. @param code - Its exit status; null when it was killed. */
export function describeExit(
  request: Pick<AgentRequest, 'dir' | 'port' | 'python'>,
  code: number | null,
): Failure {
  const tail = tailOf(join(request.dir, 'agent.log'), 5);
  const said = tail.at(-1) ?? 'it said nothing';
  const address = `127.0.0.1:${request.port}`;
  if (code === EXIT_PORT_TAKEN) {
    const message = `port ${request.port} on 127.0.0.1 is taken by another program`;
    return {
      reason: 'environment',
      message,
      hint: 'name another one in PIPELINE_AGENT_PORT, or 0 for any free one',
    };
  }
  if (code === EXIT_PACKAGE_MISSING || /No module named/.test(said)) {
    return {
      reason: 'environment',
      message: said,
      hint: `install it for ${request.python}, or run \`pipeline doctor\``,
    };
  }
  if (code !== null && code > EXIT_ERRNO) {
    const [name = `errno ${code - EXIT_ERRNO}`] =
      Object.entries(constants.errno).find(([, number]) => number === code - EXIT_ERRNO) ?? [];
    return {
      reason: 'system',
      code: name,
      path: request.dir,
      message: `the runtime agent cannot write into ${request.dir}`,
      hint: 'make room or give access there, then run again: the job goes on from its last checkpoint',
    };
  }
  if (code === EXIT_LOCKED) {
    const holder = holderElsewhere(request.dir);
    if (holder !== null) return heldElsewhere(request.dir, holder);
    return {reason: 'agent-lost', address, message: `another agent holds ${request.dir} and does not answer`};
  }
  return {
    reason: 'agent-lost',
    address,
    message: `the runtime agent ended (exit status ${code}): ${said}`,
  };
}

/** The address of the standing agent that has the job of this folder, as the driver noted that gave it to it. */
export function holderElsewhere(dir: string): string | null {
  const note = standingNote(dir);
  return note === null || note.lost !== null ? null : note.address;
}

/** @param address - Of the standing agent that works in the folder. */
export function heldElsewhere(dir: string, address: string): Failure {
  return {
    reason: 'busy',
    message: `the runtime agent at ${address} has this job, and works in ${dir}`,
    hint:
      `go on with it there: the same command with --agent ${address} and --agent-keys; ` +
      `or end it: pipeline agent --stop ${address} --keys <the driver's key file>`,
  };
}

function noPython(python: string, error: Error): Failure {
  return {
    reason: 'environment',
    message: `cannot start Python: ${error.message}`,
    hint: `is ${python} the right interpreter? See PIPELINE_PYTHON and \`python:\` in the configuration`,
  };
}
