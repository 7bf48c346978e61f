import {type Failure, stoppedFailure} from '../model/failure.js';
import {err} from '../model/result.js';
import {formatCount} from '../model/words.js';
import {jobEvents} from '../store/job-folder.js';
import {gone} from '../store/processes.js';
import {dropStandingNote} from '../store/standing.js';
import {type AgentProcess, describeExit, findAgent, killAgent, startAgent} from './agent-process.js';
import type {JobRequest, JobResult} from './job-request.js';
import {mustBeginAnew, outcomeLeft, outcomeSeen, replay, sayBeginsAnew} from './outcome.js';
import {addressText} from './place.js';
import {runRemoteJob} from './remote-job.js';
import {JobSession, type SessionOptions} from './session.js';
import type {SessionEnd} from './session-end.js';
import {newStory, type Story} from './story.js';

const LEAVE_MS = 3000;

/**
 * Carries out one attempt of a job under a runtime agent. When an earlier driver left the job running, this one takes
 * it over; when the job ended well meanwhile, its outcome is taken from the journal.
 * Rejects only with what `onEvent` throws.
 */
export async function runJob(request: JobRequest): Promise<JobResult> {
  const {place, onNote} = request;
  const known = newStory(request.after);
  const left = findAgent(request.dir);
  if (left === null)
    return place.where === 'here'
      ? outcomeOrBegin(request, known, null)
      : runRemoteJob(request, place, known);
  onNote('info', takingOver(request.dir, left.pid));
  const isHere = place.where === 'here';
  if (!isHere) onNote('warning', `it goes on on this machine, not at ${addressText(place.address)}`);
  const end = await follow(request, left, {after: request.after, begins: isHere});
  if (!mustBeginAnew(end)) return conclude(request, left, end);
  if (!isHere) return runRemoteJob(request, place, end.story);
  // Its agent may have ended it, and gone, while this driver was knocking.
  return outcomeOrBegin(request, end.story, end);
}

/** `taking over the training (agent pid 4711), at step 120 of 400`. */
function takingOver(dir: string, pid: number): string {
  const last = jobEvents(dir).findLast(({type}) => type === 'progress');
  if (last?.type !== 'progress') return `taking over the job that goes on (agent pid ${pid})`;
  const {unit} = last;
  const [done, total] = [formatCount(last.done), formatCount(last.total)];
  return unit === 'steps'
    ? `taking over the training (agent pid ${pid}), at step ${done} of ${total}`
    : `taking over the job that goes on (agent pid ${pid}), at ${done} of ${total} ${unit}`;
}

/** The outcome of a job that ended well with nobody to hear it, else another attempt. */
async function outcomeOrBegin(
  request: JobRequest,
  known: Story,
  left: SessionEnd | null,
): Promise<JobResult> {
  const story = replay(request, known);
  const outcome = outcomeLeft(request, story);
  if (outcome !== null) return outcome;
  if (left !== null) sayBeginsAnew(request, left);
  return begin(request, story.seq);
}

async function begin(request: JobRequest, after: number): Promise<JobResult> {
  if (request.signal.aborted) return err(stoppedFailure(request.launch.module, {resumes: true}));
  const {python, sourceFolder, dir, environment} = request;
  const {port, leaseSeconds} = request.limits;
  const {signal} = request;
  const agent = await startAgent({python, sourceFolder, dir, environment, port, leaseSeconds, signal});
  if (!agent.ok) return signal.aborted ? err(stoppedFailure(request.launch.module, {resumes: true})) : agent;
  dropStandingNote(dir);
  return conclude(request, agent.value, await follow(request, agent.value, {after, begins: true}));
}

async function follow(
  request: JobRequest,
  agent: AgentProcess,
  options: SessionOptions,
): Promise<SessionEnd> {
  const session = new JobSession(request, {where: 'here', process: agent}, options);
  let end: SessionEnd | null = null;
  try {
    end = await session.run();
    return end;
  } finally {
    await partWith(session, {agent, end, graceMs: request.limits.graceSeconds * 1000});
  }
}

/** Leaves no agent behind that has nothing more to do; one that refused this driver is not its own to stop. */
async function partWith(
  session: JobSession,
  {agent, end, graceMs}: {agent: AgentProcess; end: SessionEnd | null; graceMs: number},
): Promise<void> {
  switch (end?.kind) {
    case 'exited':
      // With the last acknowledgement the agent goes by itself.
      session.acknowledge();
      if (!(await gone(agent, LEAVE_MS))) await killAgent(agent);
      return session.close();
    case 'stale':
    case 'absent':
    case 'unbegun':
      await session.leave();
      if (!(await gone(agent, LEAVE_MS))) await killAgent(agent);
      return;
    case undefined:
      // The events could not be recorded. The job has been told to save and stop, and the agent leaves after it.
      await session.leave();
      if (!(await gone(agent, graceMs + LEAVE_MS))) await killAgent(agent);
      return;
    case 'lost':
      session.close();
      return killAgent(agent);
    default:
      return session.close();
  }
}

async function conclude(request: JobRequest, agent: AgentProcess, end: SessionEnd): Promise<JobResult> {
  const outcome = outcomeSeen(request, end);
  if (outcome !== null) return outcome;
  const status = end.kind === 'lost' ? await agent.exitStatus() : null;
  if (status !== null && status !== 0) {
    return err(describeExit({...request, port: request.limits.port}, status));
  }
  return err(lostFailure(agent, end));
}

function lostFailure({pid, address}: AgentProcess, end: SessionEnd): Failure {
  if (end.kind === 'lost') return {reason: 'agent-lost', address, message: end.message};
  if (end.kind === 'refused' || end.kind === 'busy') {
    const message = `the runtime agent (pid ${pid}) refused this driver: ${end.message}`;
    return {reason: 'agent-lost', address, message, refused: true};
  }
  throw new Error(`Internal error: a session ended as ${end.kind}`);
}
