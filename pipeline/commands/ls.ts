import type {RunStatus} from '../model/event.js';
import {EXIT, type ExitCode} from '../model/exit-code.js';
import {formatDuration} from '../model/words.js';
import {withoutDriverText} from '../show/activity.js';
import {type UnreadableRun, unreadableText, whyUnreadable} from '../store/run-reference.js';
import type {RunRow} from '../store/runs.js';
import {sayFailure} from './say-failure.js';
import type {Shell} from './shell.js';
import {openState} from './state.js';
import {table} from './table.js';

/** Every run, the newest first; one that was killed is a row too. */
export async function lsCommand(shell: Shell, options: {json?: boolean; limit?: number}): Promise<ExitCode> {
  const store = openState(shell);
  if (!store.ok) return sayFailure(shell, store.error);
  const listed = store.value.runs.survey();
  if (!listed.ok) return sayFailure(shell, listed.error);
  const {unreadable} = listed.value;
  sayUnreadable(shell, unreadable);
  const rows = listed.value.rows.slice(0, options.limit ?? listed.value.rows.length);
  if (options.json) {
    const unread = unreadable.map(({name, folder, failure}) => ({
      ...{run: name, folder, why: whyUnreadable(failure)},
    }));
    const document = {schema: 'pipeline/ls/v1', runs: rows.map(summaryOf), unreadable: unread};
    shell.print(`${JSON.stringify(document, null, 2)}\n`);
    return EXIT.ok;
  }
  if (rows.length === 0 && unreadable.length > 0) return EXIT.ok;
  if (rows.length === 0) {
    shell.say(`no runs in ${shell.home}; start one: pipeline run configs/demo.yaml\n`);
    return EXIT.ok;
  }
  const cells = rows.map((row) => {
    const {run, pipeline, startedAt, seconds, message} = row.record;
    const time = seconds === null ? '' : formatDuration(seconds);
    return [run, pipeline, stateText(row), startedAt.slice(0, 19).replace('T', ' '), time, message ?? ''];
  });
  shell.print(table(['run', 'pipeline', 'state', 'started (UTC)', 'time', 'message'], cells));
  return EXIT.ok;
}

/** A warning of runs that a list or `@last` leaves out, if there are any. */
export function sayUnreadable(shell: Shell, runs: readonly UnreadableRun[] = []): void {
  if (runs.length > 0) shell.say(`warning: ${unreadableText(runs)}\n`);
}

/** What `--json` calls the state of a run. An unfinished one is under way or was killed; its processes tell which. */
export type RunState = RunStatus | 'running' | 'without-driver' | 'unfinished';

export function stateOf({record, liveness, jobs}: Pick<RunRow, 'record' | 'liveness' | 'jobs'>): RunState {
  if (record.status !== 'unfinished') return record.status;
  if (liveness === 'alive') return 'running';
  return liveness === 'dead' && jobs.length > 0 ? 'without-driver' : 'unfinished';
}

/** The same for people. */
export function stateText(row: Pick<RunRow, 'record' | 'liveness' | 'jobs'>): string {
  const state = stateOf(row);
  if (state === 'without-driver') return withoutDriverText(row.jobs);
  if (row.record.status === 'unfinished' && row.liveness === 'elsewhere')
    return `unfinished (on ${row.record.host})`;
  return state;
}

function summaryOf(row: RunRow): Record<string, unknown> {
  const {run, pipeline, config, startedAt, finishedAt, seconds, message, tags, stages} = row.record;
  return {
    run,
    pipeline,
    status: stateOf(row),
    config: config.file,
    started_at: startedAt,
    finished_at: finishedAt,
    seconds,
    message,
    tags,
    folder: row.place.folder,
    stages: stages.map(({id, decision, outcome}) => ({
      id,
      decision: decision?.action ?? null,
      state: outcome?.status ?? null,
    })),
  };
}
