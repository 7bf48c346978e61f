import {type Failure, stoppedFailure} from '../model/failure.js';
import {err} from '../model/result.js';
import {gone} from '../store/processes.js';
import {type AgentProcess, describeExit, findAgent, killAgent, startAgent} from './agent-process.js';
import type {JobRequest, JobResult} from './job-request.js';
import {JobSession, type SessionEnd} from './session.js';
import {advanceStory, newStory, readJournal, type Story} from './story.js';
import {verdictOf} from './verdict.js';

const LEAVE_MS = 3000;

/**
 * Carries out one attempt of a job under a runtime agent. When an earlier driver left the job running, this one takes
 * it over; when the job ended well meanwhile, its outcome is taken from the journal.
 * Rejects only with what `onEvent` throws.
 */
export async function runJob(request: JobRequest): Promise<JobResult> {
  const left = findAgent(request.dir);
  if (left === null) return outcomeOrBegin(request, newStory(request.after), null);
  request.onNote('info', `its job is still there (agent ${left.pid}): taking it over`);
  const end = await follow(request, left, request.after);
  if (!mustBeginAnew(end)) return conclude(request, left, end);
  // Its agent may have ended it, and gone, while this driver was knocking.
  return outcomeOrBegin(request, end.story, end);
}

/** The outcome of a job that ended well with nobody to hear it, else another attempt. */
async function outcomeOrBegin(
  request: JobRequest,
  known: Story,
  left: SessionEnd | null,
): Promise<JobResult> {
  const story = replay(request, known);
  if (request.reuseFinished && story.exited?.code === 0 && story.summary !== null) {
    request.onNote('info', 'its job had ended well after the last run was cut off');
    return verdictOf(story.exited, story, contextOf(request));
  }
  if (left !== null) {
    const why = left.kind === 'exited' ? 'had been told to stop' : 'cannot go on';
    request.onNote('info', `the job that was left ${why}: beginning another attempt`);
  }
  return begin(request, story.seq);
}

async function begin(request: JobRequest, after: number): Promise<JobResult> {
  if (request.signal.aborted) return err(stoppedFailure(request.launch.module, {resumes: true}));
  const {python, sourceFolder, dir, environment} = request;
  const {port, leaseSeconds} = request.limits;
  const agent = await startAgent({python, sourceFolder, dir, environment, port, leaseSeconds});
  if (!agent.ok) return agent;
  return conclude(request, agent.value, await follow(request, agent.value, after));
}

async function follow(request: JobRequest, agent: AgentProcess, after: number): Promise<SessionEnd> {
  const session = new JobSession(request, agent, after);
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
    case 'refused':
      return session.close();
    case 'lost':
      session.close();
      return killAgent(agent);
    case 'exited':
      // With the last acknowledgement the agent goes by itself.
      session.acknowledge();
      if (!(await gone(agent, LEAVE_MS))) await killAgent(agent);
      return session.close();
    case 'stale':
      await session.leave();
      if (!(await gone(agent, LEAVE_MS))) await killAgent(agent);
      return;
    case undefined:
      // The events could not be recorded. The job has been told to save and stop, and the agent leaves after it.
      await session.leave();
      if (!(await gone(agent, graceMs + LEAVE_MS))) await killAgent(agent);
  }
}

/** Of a job that was taken over: whether it ended without doing what this run wants, and not because of this run. */
function mustBeginAnew(end: SessionEnd): boolean {
  if (end.stopped !== null) return false;
  // The driver before, or the agent itself, was told to stop, and the job was still saving.
  if (end.kind === 'exited') return end.exited.signal === 'SIGTERM' && end.exited.rank === null;
  return end.kind === 'stale' || end.kind === 'lost';
}

function conclude(request: JobRequest, agent: AgentProcess, end: SessionEnd): JobResult {
  const {launch, timeoutMs, limits} = request;
  // What the journal says beyond the last event that came through.
  const story = end.kind === 'lost' ? replay(request, end.story) : end.story;
  const exited = end.kind === 'exited' ? end.exited : end.kind === 'lost' ? story.exited : null;
  if (exited?.code === 0) return verdictOf(exited, story, contextOf(request));
  if (end.stopped === 'interrupted') return err(stoppedFailure(launch.module, {resumes: true}));
  if (end.stopped === 'timed-out') {
    return err({reason: 'timed-out', what: launch.module, afterMs: timeoutMs ?? limits.silentMs});
  }
  if (exited !== null) return verdictOf(exited, story, contextOf(request));
  const status = agent.exitStatus();
  if (end.kind === 'lost' && status !== null && status !== 0) {
    return err(describeExit({...request, port: limits.port}, status));
  }
  return err(lostFailure(agent, end));
}

function lostFailure(agent: AgentProcess, end: SessionEnd): Failure {
  const lost = (message: string): Failure => ({reason: 'agent-lost', address: agent.address, message});
  if (end.kind === 'lost') return lost(end.message);
  if (end.kind === 'refused') {
    const message = `the runtime agent (pid ${agent.pid}) refused this driver: ${end.message}`;
    return {reason: 'agent-lost', address: agent.address, message, refused: true};
  }
  throw new Error(`Internal error: a session ended as ${end.kind}`);
}

/** Delivers what the journal holds after the story so far. */
function replay(request: JobRequest, start: Story): Story {
  let story = start;
  for (const [seq, event] of readJournal(request.dir, start.seq)) {
    request.onEvent(seq, event);
    story = advanceStory(story, seq, event);
  }
  return story;
}

function contextOf(request: JobRequest): {what: string; dir: string} {
  return {what: request.launch.module, dir: request.dir};
}
