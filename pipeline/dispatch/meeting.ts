import {randomUUID} from 'node:crypto';
import {closeSync, rmSync, writeFileSync} from 'node:fs';
import {hostname, userInfo} from 'node:os';
import {join} from 'node:path';
import type {JsonObject} from '../model/json.js';
import {takeKernelLock} from '../store/kernel-lock.js';
import {noteStanding} from '../store/standing.js';
import type {Request} from './channel.js';
import type {JobRequest} from './job-request.js';
import {addressText, type RemotePlace} from './place.js';
import type {Ending} from './session-end.js';

/** How a driver names itself to people who share an agent with it. */
export function driverName(): string {
  return `${userName()}@${hostname()}, process ${process.pid}`;
}

/** What to do about an agent that may have another job or none, before anything is asked of it; null: go on. */
export function judge(hello: JsonObject, {job, begins}: {job: string; begins: boolean}): Ending | null {
  if (hello['job'] === job) return null;
  if (hello['state'] === 'running') return {kind: 'busy', message: busyText(hello)};
  return begins ? null : {kind: 'absent'};
}

/** Whether this driver still follows its job; else how it lost it. Only once it was attached. */
export function judgeLater(hello: JsonObject, {job, driver}: {job: string; driver: string}): Ending | null {
  if (hello['job'] !== job) {
    const trouble = hello['trouble'];
    const why = typeof trouble === 'string' ? trouble : 'it was started anew, or somebody else had it let go';
    return {kind: 'lost', message: `the agent on ${hello['host']} does not have the job any more: ${why}`};
  }
  const other = hello['driver'];
  if (other === driver || typeof other !== 'string') return null;
  return {kind: 'refused', code: 'taken', message: `${other} has taken the job over`};
}

/** What to say when another version of the program is there; null when it is the same. */
export function differenceOf({program, host}: JsonObject, version: string): string | null {
  if (program === version) return null;
  const theirs = typeof program === 'string' ? `is version ${program}` : 'does not say its version';
  return `the program on ${host} ${theirs}, here it is ${version}: install the same one on both machines`;
}

/** Whether another attempt must begin: what the agent has ended before, and not usably. `state`: its answer to submit. */
export function isStale(state: JsonObject, {reuseFinished}: JobRequest): boolean {
  if (state['created'] === true || state['state'] !== 'ended') return false;
  return state['code'] !== 0 || !reuseFinished;
}

/** Before a standing agent is given the job: whether another agent works in its folder, as its lock tells. */
export async function heldByAnother(dir: string): Promise<Ending | null> {
  const {signal} = new AbortController();
  const lock = await takeKernelLock({path: join(dir, 'agent.lock'), wait: false, signal});
  // Where nothing can be locked the agent itself will say so.
  if (!lock.ok) return null;
  if (lock.value === 'busy') return {kind: 'held', message: `another agent works in ${dir}`};
  closeSync(lock.value);
  return null;
}

/** For whoever finds the folder held: who holds it. */
export function noteAgent(dir: string, {address}: RemotePlace): void {
  try {
    noteStanding(dir, {address: addressText(address), lost: null});
  } catch {
    // The job runs all the same; what is missing is only a name in a later message.
  }
}

export function submitOf({job, dir, launch}: JobRequest, token: string | null): Request {
  const {module, ranks, arguments: values, environment} = launch;
  const torchrun = launch.torchrun ?? true;
  return {type: 'submit', job, dir, module, ranks, torchrun, arguments: values, environment, token};
}

/** Puts a file into the job's folder for the agent to find while `body` runs. */
export async function withToken<T>(dir: string, body: (token: string) => Promise<T>): Promise<T> {
  const token = `seen-${randomUUID()}`;
  const path = join(dir, token);
  writeFileSync(path, '');
  try {
    return await body(token);
  } finally {
    rmSync(path, {force: true});
  }
}

function busyText({host, job, driver}: JsonObject): string {
  const who = typeof driver === 'string' ? `of ${driver}` : 'whose driver is gone';
  return `the agent on ${host} has another job, ${String(job).slice(0, 12)}, ${who}`;
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A number without a name, as in some containers.
    return `user ${process.getuid?.() ?? 'unknown'}`;
  }
}
