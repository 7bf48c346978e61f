import {setTimeout as delay} from 'node:timers/promises';
import {type Diagnostic, fault} from '../model/diagnostic.js';
import {EXIT, type ExitCode} from '../model/exit-code.js';
import type {Failure} from '../model/failure.js';
import {err, ok, type Result} from '../model/result.js';
import {countOf, listWords} from '../model/words.js';
import {killProcess, type ProcessNote, signalProcess} from '../store/processes.js';
import type {RunRow} from '../store/runs.js';
import type {Store} from '../store/store.js';
import {stateOf} from './ls.js';
import {sayFailure} from './say-failure.js';
import {sayFaults} from './say-faults.js';
import type {Shell} from './shell.js';
import {openState} from './state.js';
import {type Stopping, stopJobs} from './stop-jobs.js';
import {type Saved, savedLine, stagesUnderWay} from './stopped.js';
import {isElsewhere, isUnderWay} from './under-way.js';
import {type WaitingLine, waitingLine} from './waiting-line.js';

export type StopOptions = Readonly<{run: string | null; now?: boolean; json?: boolean}>;

/** A driver that was told to kill what it runs and is still there after so long is killed itself. */
const KILL_MS = 10_000;
const LOOK_MS = 250;
const HEARD_MS = 2000;
const HEARD_LOOK_MS = 50;

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
  try {
    const driver = store.runs.driver(row.place);
    const ended =
      row.liveness === 'alive' && driver !== null ? await stopDriver(stopping, driver, wait) : true;
    if (ended === 'refused') return sayNotOurs(shell, driver!);
    // What a driver that is gone left behind, or one that was killed just now.
    const left = ended ? await stopJobs(stopping, wait) : false;
    if (left === 'unreachable') return EXIT.environment;
    if (!left) {
      shell.say(`no longer waiting: run ${row.record.run} ends by itself\n`);
      return EXIT.interrupted;
    }
  } finally {
    wait.close();
  }
  return tell(stopping, stages.map(savedLine(store)));
}

function sayNotOurs(shell: Shell, {pid, command}: ProcessNote): ExitCode {
  const hint = 'whoever started it can stop it';
  sayFaults(shell, [fault(`process ${pid} (${command}) belongs to another user`, null, hint)]);
  return EXIT.stageFailed;
}

/** @returns false when the wait was ended before, `refused` when it is another user's. */
async function stopDriver(
  {shell, store, row, now}: Stopping,
  driver: ProcessNote,
  wait: WaitingLine,
): Promise<boolean | 'refused'> {
  // A second request would kill: whoever asks twice only waits.
  const isToldAlready = row.record.stoppingAt !== undefined;
  if (!isToldAlready && signalProcess(driver, 'SIGINT') === 'refused') return 'refused';
  if (now) {
    // Two that wait to be heard may come in any order.
    if ((await isStopping(store, row)) && signalProcess(driver, 'SIGTERM') === 'refused') return 'refused';
  }
  wait.begin(
    now ? `ending run ${row.record.run} at once` : `run ${row.record.run} saves what it has and ends`,
  );
  for (let waitedMs = 0; store.runs.liveness(row.place) === 'alive'; waitedMs += LOOK_MS) {
    if (shell.interrupted.aborted) return false;
    if (now && waitedMs >= KILL_MS) killProcess(driver);
    wait.look();
    await delay(LOOK_MS, undefined, {signal: shell.interrupted}).catch(() => undefined);
  }
  return true;
}

/** Once the run has written down that it was told to stop; one that hangs is not waited for. False when it has ended. */
async function isStopping(store: Store, {place}: RunRow): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < HEARD_MS; waitedMs += HEARD_LOOK_MS) {
    const record = store.runs.read(place);
    if (!record.ok) return true;
    if (record.value.finishedAt !== null) return false;
    if (record.value.stoppingAt !== undefined) return true;
    await delay(HEARD_LOOK_MS);
  }
  return true;
}

function tell({shell, store, row, json}: Stopping, saved: readonly Saved[]): ExitCode {
  const looked = store.runs.look(row.place);
  if (!looked.ok) return sayFailure(shell, looked.error);
  const {run} = row.record;
  const state = stateOf(looked.value);
  if (json) {
    const stages = saved.map(({text, ...facts}) => facts);
    print(shell, {run, stopped: state !== 'succeeded', state, stages});
    return EXIT.ok;
  }
  if (state === 'succeeded' || state === 'failed') {
    shell.print(`run ${run} had come to its end: ${state}\n`);
    return EXIT.ok;
  }
  shell.print(`run ${run} is stopped\n`);
  for (const {id, text} of saved) shell.print(`  ${id}  ${text}\n`);
  shell.print(`go on: pipeline resume ${run}\n`);
  return EXIT.ok;
}

function print(shell: Shell, facts: Readonly<Record<string, unknown>>): void {
  shell.print(`${JSON.stringify({schema: 'pipeline/stop/v1', ...facts}, null, 2)}\n`);
}
