import {stoppedFailure} from '../model/failure.js';
import {err} from '../model/result.js';
import type {JobRequest, JobResult} from './job-request.js';
import type {SessionEnd} from './session-end.js';
import {advanceStory, readJournal, type Story} from './story.js';
import {verdictOf, wasToldToStop} from './verdict.js';

/** Of a job that was taken over: whether it ended without doing what this run wants, and not because of this run. */
export function mustBeginAnew(end: SessionEnd): boolean {
  if (end.stopped !== null) return false;
  // The driver before, or the agent itself, was told to stop, and the job was still saving. Whoever stops it while this
  // run follows it means this run.
  if (end.kind === 'exited') return end.wasStopping && wasToldToStop(end.exited);
  return end.kind === 'stale' || end.kind === 'lost' || end.kind === 'absent';
}

/** Why another attempt begins. */
export function sayBeginsAnew(request: JobRequest, left: SessionEnd): void {
  const why = left.kind === 'exited' ? 'had been told to stop' : 'cannot go on';
  request.onNote('info', `the job that was left ${why}: beginning another attempt`);
}

/** The outcome of a job that ended well with nobody to hear it; null when there is none that may be used. */
export function outcomeLeft(request: JobRequest, story: Story): JobResult | null {
  if (!request.reuseFinished || story.exited?.code !== 0 || story.summary === null) return null;
  request.onNote('info', 'its job had ended well after the last run was cut off');
  return verdictOf(story.exited, story, contextOf(request));
}

/** What the end of a session comes to; null when the session did not see how the attempt ended. */
export function outcomeSeen(request: JobRequest, end: SessionEnd): JobResult | null {
  const {launch, timeoutMs, limits} = request;
  // What the journal says beyond the last event that came through.
  const story = end.kind === 'lost' ? replay(request, end.story) : end.story;
  const exited = end.kind === 'exited' ? end.exited : end.kind === 'lost' ? story.exited : null;
  if (exited?.code === 0) return verdictOf(exited, story, contextOf(request));
  if (end.stopped === 'interrupted') return err(stoppedFailure(launch.module, {resumes: true}));
  if (end.stopped === 'timed-out') {
    return err({reason: 'timed-out', what: launch.module, afterMs: timeoutMs ?? limits.silentMs});
  }
  return exited === null ? null : verdictOf(exited, story, contextOf(request));
}

/** Delivers what the journal holds after the story so far. */
export function replay(request: JobRequest, start: Story): Story {
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
