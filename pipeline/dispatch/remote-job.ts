import {mkdirSync} from 'node:fs';
import {setTimeout as delay} from 'node:timers/promises';
import {type Failure, stoppedFailure} from '../model/failure.js';
import {err} from '../model/result.js';
import type {Agent} from './agent.js';
import {heldElsewhere, holderElsewhere} from './agent-process.js';
import type {JobRequest, JobResult} from './job-request.js';
import {lookUp} from './look-up.js';
import {mustBeginAnew, outcomeLeft, outcomeSeen, replay, sayBeginsAnew} from './outcome.js';
import {addressText, type RemotePlace} from './place.js';
import {JobSession, type SessionOptions} from './session.js';
import type {SessionEnd} from './session-end.js';
import {readJournal, type Story} from './story.js';

const LOOK_MS = 1000;
/** A driver that was killed is heard for the last time so long before it counts as gone, and a little longer. */
const TAKEN_MS = 12_000;
const GUIDE = 'see docs/another-host.md';
const KEYS = `the two key files are made together: the agent's and the driver's must be of the same name; ${GUIDE}`;

type RemoteAgent = Extract<Agent, {where: 'elsewhere'}>;

/**
 * Carries out one attempt of a job under a standing agent, mostly on another machine; nothing is started or killed there.
 * @param known - What this run knows of the job's journal already.
 */
export async function runRemoteJob(
  request: JobRequest,
  place: RemotePlace,
  known: Story,
): Promise<JobResult> {
  const stopped = () => err(stoppedFailure(request.launch.module, {resumes: true}));
  const ip = await lookUp(place.address, request.signal);
  if (request.signal.aborted && !ip.ok) return stopped();
  if (!ip.ok) return ip;
  const agent: RemoteAgent = {where: 'elsewhere', place, ip: ip.value};
  mkdirSync(request.dir, {recursive: true});
  const found = await followInTurn(request, agent, {after: known.seq, begins: false});
  if (!mustBeginAnew(found)) return conclude(request, agent, found);
  const story = replay(request, found.kind === 'absent' ? known : found.story);
  const outcome = outcomeLeft(request, story);
  if (outcome !== null) return outcome;
  if (request.signal.aborted) return stopped();
  if (found.kind !== 'absent') sayBeginsAnew(request, found);
  return conclude(request, agent, await followInTurn(request, agent, {after: story.seq, begins: true}));
}

/** Waits while the agent has another job, where it may, and a little while another driver may be gone. */
async function followInTurn(
  request: JobRequest,
  agent: RemoteAgent,
  options: SessionOptions,
): Promise<SessionEnd> {
  const until = Date.now() + TAKEN_MS;
  for (let told = ''; ; ) {
    const end = await follow(request, agent, options);
    const isTaken = end.kind === 'refused' && end.code === 'taken' && end.story.seq === options.after;
    const isWaiting = isTaken ? Date.now() < until : end.kind === 'busy' && agent.place.waits;
    if (!isWaiting || !('message' in end) || request.signal.aborted) return end;
    const text = isTaken ? `looking whether it is gone: ${end.message}` : `waiting: ${end.message}`;
    if (told !== end.kind) request.onNote('info', text);
    told = end.kind;
    await delay(LOOK_MS, undefined, {signal: request.signal}).catch(() => undefined);
  }
}

async function follow(request: JobRequest, agent: RemoteAgent, options: SessionOptions): Promise<SessionEnd> {
  const session = new JobSession(request, agent, options);
  let end: SessionEnd | null = null;
  try {
    end = await session.run();
    return end;
  } finally {
    if (end?.kind === 'exited') session.acknowledge();
    // Ready for another job at once. Without an end the events could not be recorded, and it was told to save and stop.
    if (end === null || end.kind === 'exited' || end.kind === 'stale') await session.leave();
    else session.close();
  }
}

function conclude(request: JobRequest, {place}: RemoteAgent, end: SessionEnd): JobResult {
  if (end.kind === 'undelivered') {
    const command = `pipeline agent --stop ${addressText(place.address)} --keys <the driver's key file>`;
    request.onNote('warning', `${end.message}; to stop it: ${command}`);
  }
  if (end.kind === 'unbegun' && goesOn(request.dir)) {
    const text = `what an earlier run left at ${addressText(place.address)} may go on there: it was not asked`;
    request.onNote('warning', text);
  }
  if (end.kind === 'busy' && request.signal.aborted) {
    return err(stoppedFailure(request.launch.module, {resumes: true}));
  }
  return outcomeSeen(request, end) ?? err(failureOf(request, place, end));
}

/** As far as its journal tells: an attempt has begun and not ended. */
function goesOn(dir: string): boolean {
  const last = [...readJournal(dir, 0)].at(-1)?.[1];
  return last !== undefined && last.type !== 'exited';
}

function failureOf(request: JobRequest, place: RemotePlace, end: SessionEnd): Failure {
  const address = addressText(place.address);
  switch (end.kind) {
    case 'lost':
      return {reason: 'agent-lost', address, message: `${end.message}; its training may go on there`};
    case 'unreachable': {
      // Where an attempt has run before in this run, the agent may come back.
      if (request.after > 0) return {reason: 'agent-lost', address, message: end.message};
      const start = `start it there: pipeline agent --listen ${address} --keys NAME.agent.json`;
      return {reason: 'environment', message: end.message, hint: end.reached === 'nothing' ? start : KEYS};
    }
    case 'busy':
      return {reason: 'busy', message: end.message, hint: 'run again without --no-wait to wait for it'};
    case 'held': {
      const holder = holderElsewhere(request.dir);
      if (holder !== null && holder !== address) return heldElsewhere(request.dir, holder);
      const hint = 'end it first: pipeline stop, on the machine where it was started';
      return {reason: 'busy', message: end.message, hint};
    }
    case 'refused': {
      if (end.code === 'taken') {
        const hint = 'if that driver is not wanted any more: the same command with --take-over';
        return {reason: 'busy', message: end.message, hint};
      }
      const message = `the runtime agent at ${address} refused this driver: ${end.message}`;
      return {reason: 'environment', message, hint: end.code === null ? KEYS : GUIDE};
    }
    default:
      throw new Error(`Internal error: a session ended as ${end.kind}`);
  }
}
