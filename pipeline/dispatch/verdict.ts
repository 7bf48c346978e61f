import {readdirSync} from 'node:fs';
import {join} from 'node:path';
import {fault} from '../model/diagnostic.js';
import type {Failure} from '../model/failure.js';
import {type JobError, LOST_PEER, NO_ANSWER} from '../model/job-event.js';
import {err, ok} from '../model/result.js';
import type {JobResult} from './job-request.js';
import type {ExitedEvent, Story} from './story.js';
import {tailOf} from './tail.js';

const TAIL_LINES = 20;

/** What an attempt that has ended comes to. `what` names the job in failures, `dir` is its folder. */
export function verdictOf(
  exited: ExitedEvent,
  story: Story,
  context: {what: string; dir: string},
): JobResult {
  if (exited.code === 0 && story.summary !== null) return ok(story.summary);
  const logs = join(context.dir, 'attempts', `${story.attempt ?? 0}`);
  if (exited.error !== null && exited.error.hint !== null)
    return err(mendable(exited.error, exited.error.hint));
  const tail = rankTail(logs, exited.rank);
  const missing = /No module named '?([\w.]+)'?/.exec(exited.error?.message ?? tail.at(-1) ?? '');
  if (exited.code !== 0 && missing !== null) {
    const hint = `install ${missing[1]} into the Python of this run, or let the pipeline make its own environment`;
    return err({reason: 'environment', message: missing[0], hint});
  }
  return err({
    reason: 'exited',
    what: context.what,
    ...{code: exited.code, signal: exited.signal, rank: exited.rank},
    message: messageOf(exited, logs),
    tail,
    ranks: exited.rank_exits,
  });
}

/** Not by the way it ended by itself: the agent was asked to let it save and end. */
export function wasToldToStop({signal, rank}: ExitedEvent): boolean {
  return signal === 'SIGTERM' && rank === null;
}

function mendable(error: JobError, hint: string): Failure {
  // Jobs name an error of the file system by its errno.
  if (/^E[A-Z0-9]+$/.test(error.type)) {
    return {reason: 'system', code: error.type, path: null, message: error.message, hint};
  }
  const diagnostic = hint === '' ? fault(error.message, null) : fault(error.message, null, hint);
  return {reason: 'invalid-input', diagnostics: [diagnostic]};
}

function messageOf(exited: ExitedEvent, logs: string): string {
  const many = exited.rank_exits.length > 1;
  const who = exited.rank !== null ? `rank ${exited.rank}` : many ? 'torchrun' : 'the job';
  switch (exited.error?.type) {
    case undefined:
      break;
    case LOST_PEER:
      return `${who} lost its peer: ${exited.error?.message}`;
    case NO_ANSWER:
      return `${who} did not answer: ${exited.error?.message}`;
    default:
      return `${exited.error?.type}: ${exited.error?.message}`;
  }
  if (exited.code === 0) return 'ended without a summary of what it did';
  if (exited.signal === 'SIGKILL') return `${who} was killed (SIGKILL): out of memory, or by someone`;
  if (wasToldToStop(exited))
    return 'somebody else told it to stop; the next run goes on from its last checkpoint';
  if (exited.signal !== null) return `${who} was ended by ${exited.signal}`;
  return `${who} ended with exit status ${exited.code}; see ${logs}`;
}

function rankTail(logs: string, rank: number | null): readonly string[] {
  const own = rank === null ? [] : rankLogs(logs, rank).map((path) => tailOf(path, TAIL_LINES));
  const spoken = own.find((lines) => lines.length > 0);
  return spoken ?? tailOf(join(logs, 'launcher.log'), TAIL_LINES);
}

/** torchrun's layout: ranks/<name of the run>/attempt_0/<local rank>/stderr.log. */
function rankLogs(logs: string, rank: number): readonly string[] {
  try {
    const runs = readdirSync(join(logs, 'ranks'));
    return runs.map((run) => join(logs, 'ranks', run, 'attempt_0', `${rank}`, 'stderr.log'));
  } catch {
    return [];
  }
}
