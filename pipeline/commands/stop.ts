import {type Diagnostic, fault} from '../model/diagnostic.js';
import {EXIT, type ExitCode} from '../model/exit-code.js';
import type {Failure} from '../model/failure.js';
import {err, ok, type Result} from '../model/result.js';
import type {RunName} from '../model/stage.js';
import {countOf, listWords} from '../model/words.js';
import {agentText} from '../show/activity.js';
import type {LivingJob} from '../store/job-folder.js';
import type {ProcessNote} from '../store/processes.js';
import type {RunRow} from '../store/runs.js';
import type {Store} from '../store/store.js';
import {stateOf} from './ls.js';
import {sayFailure} from './say-failure.js';
import {sayFaults} from './say-faults.js';
import type {Shell} from './shell.js';
import {openState} from './state.js';
import {stopDriver} from './stop-driver.js';
import {type Stopping, stopJobs} from './stop-jobs.js';
import {type Saved, savedLine, stagesUnderWay} from './stopped.js';
import {isElsewhere, isUnderWay} from './under-way.js';
import {waitingLine} from './waiting-line.js';

export type StopOptions = Readonly<{run: string | null; now?: boolean; json?: boolean}>;

/** Lets a run save what it has and end, as Ctrl-C in its terminal would, and waits for it. */
export async function stopCommand(shell: Shell, options: StopOptions): Promise<ExitCode> {
  const store = openState(shell);
  if (!store.ok) return sayFailure(shell, store.error);
  const found = findRun(store.value, options.run);
  if (!found.ok) {
    if ('reason' in found.error) return sayFailure(shell, found.error);
    sayFaults(shell, [found.error]);
    return EXIT.usage;
  }
  const row = found.value;
  if (row === null || !isUnderWay(row)) return sayNothingRuns(shell, {row, json: options.json ?? false});
  return await stopRun({
    shell,
    store: store.value,
    row,
    now: options.now ?? false,
    json: options.json ?? false,
  });
}

/** The run that was named, or the only one that is under way; null when there is none. */
function findRun(store: Store, reference: string | null): Result<RunRow | null, Diagnostic | Failure> {
  if (reference !== null) {
    const place = store.runs.resolve(reference);
    const looked = place.ok ? store.runs.look(place.value) : place;
    return looked.ok && isElsewhere(looked.value) ? err(isThere(looked.value)) : looked;
  }
  const listed = store.runs.list();
  if (!listed.ok) return listed;
  const [row, ...others] = listed.value.filter(isUnderWay);
  if (others.length > 0) {
    const names = [row!, ...others].map(({place}) => place.name);
    const hint = `which one: pipeline stop ${names.join(', pipeline stop ')}`;
    return err(fault(`${countOf(names.length, 'run')} are under way: ${listWords(names)}`, null, hint));
  }
  const [newest] = listed.value;
  if (row === undefined && newest !== undefined && isElsewhere(newest)) return err(isThere(newest));
  return ok(row ?? null);
}

function isThere({record}: RunRow): Diagnostic {
  const {run, host, pid} = record;
  return fault(
    `run ${run} is driven by process ${pid} on ${host}, which cannot be asked from here`,
    null,
    `on ${host}: pipeline stop ${run}`,
  );
}

function sayNothingRuns(shell: Shell, {row, json}: {row: RunRow | null; json: boolean}): ExitCode {
  const run = row?.record.run ?? null;
  if (json) print(shell, {run, stopped: false, state: row === null ? null : stateOf(row), stages: []});
  else if (row === null) shell.say(`nothing runs in ${shell.home}\n`);
  else shell.say(`run ${run} does not run: it is ${stateOf(row)}\n`);
  return EXIT.ok;
}

async function stopRun(stopping: Stopping): Promise<ExitCode> {
  const {shell, store, row} = stopping;
  const stages = stagesUnderWay(row);
  const wait = waitingLine(stopping);
  let lost: readonly LivingJob[] = [];
  try {
    const driver = store.runs.driver(row.place);
    const ended =
      row.liveness === 'alive' && driver !== null ? await stopDriver(stopping, driver, wait) : true;
    if (ended === 'refused') return sayNotOurs(shell, driver!);
    // What a driver that is gone left behind, or one that was killed just now.
    const left = ended ? await stopJobs(stopping, wait) : ok({inTime: false, lost});
    if (!left.ok) return left.error;
    if (!left.value.inTime) {
      shell.say(`no longer waiting: run ${row.record.run} ends by itself\n`);
      return EXIT.interrupted;
    }
    lost = left.value.lost;
  } finally {
    wait.close();
  }
  return tell(stopping, {saved: stages.map(savedLine(store)), lost});
}

function sayNotOurs(shell: Shell, {pid, command}: ProcessNote): ExitCode {
  const hint = 'whoever started it can stop it';
  sayFaults(shell, [fault(`process ${pid} (${command}) belongs to another user`, null, hint)]);
  return EXIT.stageFailed;
}

function tell(
  {shell, store, row, json}: Stopping,
  {saved, lost}: {saved: readonly Saved[]; lost: readonly LivingJob[]},
): ExitCode {
  const looked = store.runs.look(row.place);
  if (!looked.ok) return sayFailure(shell, looked.error);
  const {run} = row.record;
  const state = stateOf(looked.value);
  // By itself, meanwhile.
  const hadEnded = state === 'succeeded' || state === 'failed';
  if (json) {
    const stages = saved.map(({text, ...facts}) => facts);
    print(shell, {run, stopped: !hadEnded && lost.length === 0, state, stages});
    return EXIT.ok;
  }
  if (hadEnded) {
    shell.print(`run ${run} had come to its end: ${state}\n`);
    return EXIT.ok;
  }
  shell.print(lost.length === 0 ? `run ${run} is stopped\n` : lostText(run, lost));
  for (const {id, text} of saved) shell.print(`  ${id}  ${text}\n`);
  shell.print(`go on: pipeline resume ${run}\n`);
  return EXIT.ok;
}

function lostText(run: RunName, jobs: readonly LivingJob[]): string {
  const agents = [...new Set(jobs.map(({agent}) => agentText(agent)))].join(', ');
  const stages = listWords(jobs.map(({stage}) => stage));
  return `run ${run} had been cut short: the ${agents} does not have ${stages} any more\n`;
}

function print(shell: Shell, facts: Readonly<Record<string, unknown>>): void {
  shell.print(`${JSON.stringify({schema: 'pipeline/stop/v1', ...facts}, null, 2)}\n`);
}
