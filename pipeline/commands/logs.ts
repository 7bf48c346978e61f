import {setTimeout as delay} from 'node:timers/promises';
import {type Diagnostic, fault} from '../model/diagnostic.js';
import type {Event} from '../model/event.js';
import {EXIT, type ExitCode} from '../model/exit-code.js';
import type {Failure} from '../model/failure.js';
import {meantStage, stagesNamed} from '../model/member.js';
import type {RunRecord} from '../model/record.js';
import {ok, type Result} from '../model/result.js';
import type {RunName, StageId} from '../model/stage.js';
import {listWords} from '../model/words.js';
import {agentText, withoutDriverText} from '../show/activity.js';
import {createTerminal} from '../show/live.js';
import {type JournalPlace, type LivingJob, readJobEvents, successorOf} from '../store/job-folder.js';
import {onDisk} from '../store/on-disk.js';
import type {RunPlace} from '../store/run-reference.js';
import type {Store} from '../store/store.js';
import {sayUnreadable} from './ls.js';
import {sayFailure} from './say-failure.js';
import {sayFaults} from './say-faults.js';
import type {Shell} from './shell.js';
import {openState} from './state.js';

export type LogsOptions = Readonly<{
  run: string;
  stage: string | null;
  follow?: boolean;
  json?: boolean;
  events?: 'ndjson';
}>;

/** How often a followed journal is looked at; it is a file, perhaps on another machine's disk. */
const FOLLOW_MS = 300;

/** The story of a run on stdout: as lines, as one document, or event by event. */
export async function logsCommand(shell: Shell, options: LogsOptions): Promise<ExitCode> {
  const store = openState(shell);
  if (!store.ok) return sayFailure(shell, store.error);
  const place = store.value.runs.resolve(options.run);
  if (!place.ok) {
    sayFaults(shell, [place.error]);
    return EXIT.usage;
  }
  sayUnreadable(shell, place.value.passedOver);
  return await printEvents(shell, {...options, store: store.value, place: place.value});
}

type Printing = LogsOptions & Readonly<{store: Store; place: RunPlace; printer: Printer}>;

async function printEvents(
  shell: Shell,
  request: LogsOptions & {store: Store; place: RunPlace},
): Promise<ExitCode> {
  const {store, follow} = request;
  const printer = printerFor(shell, request);
  for (let next: RunPlace | null = request.place; next !== null; ) {
    const printing = {...request, place: next, printer};
    const printed = await printRun(shell, printing);
    if (typeof printed === 'number') return printed;
    // Without its driver a training may go on, and another run may take it over.
    const goesOn = follow && !printed.isFinished && !shell.interrupted.aborted;
    if (!goesOn) break;
    const told = await printJobs(shell, {...printing, printed});
    const found: Result<RunPlace | null, Failure> = told.ok ? successorTo(shell, store, next) : told;
    if (!found.ok) return sayFailure(shell, found.error);
    next = found.value;
  }
  printer.end();
  return EXIT.ok;
}

/**
 * `ofJobs`: the number of the last event of a stage's job that stands in the journal of the run, `last` the number of the
 * journal's own last event.
 */
type Printed = Readonly<{isFinished: boolean; ofJobs: ReadonlyMap<StageId, number>; last: number}>;

async function printRun(shell: Shell, request: Printing): Promise<Printed | ExitCode> {
  const {store, place, stage, follow, printer} = request;
  const ofJobs = new Map<StageId, number>();
  let nextByte = 0;
  let last: Event | null = null;
  if (follow && store.runs.liveness(place) === 'elsewhere')
    shell.say(`run ${place.name} is on another machine: whether it lives cannot be seen from here\n`);
  for (;;) {
    // Asked before reading: what a process wrote before it ended is then read for certain.
    const ended = store.runs.liveness(place) === 'dead';
    const read = store.runs.events(place, nextByte);
    if (!read.ok) return sayFailure(shell, read.error);
    nextByte = read.value.nextByte;
    const wrongStage = last === null ? unknownStage(read.value.events[0], stage) : null;
    if (wrongStage !== null) {
      sayFaults(shell, [wrongStage]);
      return EXIT.usage;
    }
    for (const event of read.value.events) {
      last = event;
      if (event.type === 'job-event') ofJobs.set(event.stage, event.jobSeq);
      if (isWanted(event, request) || (event.type === 'run-started' && printer.wantsStart))
        printer.print(event);
    }
    const isFinished = last?.type === 'run-finished';
    if (!follow || ended || isFinished || shell.interrupted.aborted) {
      return {isFinished, ofJobs, last: last?.seq ?? 0};
    }
    await pause(shell);
  }
}

/** What the agents of a run write down whose driver is gone, until they have ended or another run takes over. */
async function printJobs(
  shell: Shell,
  request: Printing & {printed: Printed},
): Promise<Result<null, Failure>> {
  const {store, place} = request;
  const looked = store.runs.look(place);
  if (!looked.ok) return looked;
  const left = looked.value.jobs;
  if (left.length === 0) return ok(null);
  const agents = [...new Set(left.map(({agent}) => agentText(agent)))].join(', ');
  shell.say(`${withoutDriverText(left)} (${agents}): its journal follows\n`);
  const printNew = jobPrinter(left, request);
  for (;;) {
    // Asked before reading, as above.
    const row = store.runs.look(place);
    if (!row.ok) return row;
    const next = successorIn(store, row.value.record);
    if (!next.ok || next.value !== null) return next.ok ? ok(null) : next;
    const printed = onDisk(place.folder, printNew);
    if (!printed.ok) return printed;
    if (row.value.jobs.length === 0 || shell.interrupted.aborted) return ok(null);
    await pause(shell);
  }
}

/** @returns prints what the journals of these jobs have got since the last time; it throws system errors. */
function jobPrinter(jobs: readonly LivingJob[], request: Printing & {printed: Printed}): () => null {
  const {printer, printed} = request;
  const places = new Map<StageId, JournalPlace>();
  // Numbered on, as they would have been with a driver.
  let number = printed.last;
  return () => {
    for (const {stage, folder, fingerprint} of jobs) {
      const read = readJobEvents(folder, places.get(stage) ?? {bytes: 0, lines: 0});
      places.set(stage, read.next);
      for (const {seq, event} of read.events) {
        if (seq <= (printed.ofJobs.get(stage) ?? 0)) continue;
        number += 1;
        const at = new Date(event.at * 1000).toISOString();
        const news = {type: 'job-event', stage, job: fingerprint, jobSeq: seq, event} as const;
        const said: Event = {seq: number, at, ...news};
        if (isWanted(said, request)) printer.print(said);
      }
    }
    return null;
  };
}

function successorTo(shell: Shell, store: Store, place: RunPlace): Result<RunPlace | null, Failure> {
  const record = store.runs.read(place);
  const next = record.ok ? successorIn(store, record.value) : record;
  if (!next.ok) return next;
  const found = next.value === null ? null : store.runs.resolve(next.value);
  if (found === null || !found.ok) return ok(null);
  shell.say(`run ${found.value.name} has taken over what run ${place.name} was at\n`);
  return ok(found.value);
}

function successorIn(store: Store, record: RunRecord): Result<RunName | null, Failure> {
  return onDisk(store.layout.resumeFolders, () => successorOf(store.layout, record));
}

function isWanted(event: Event, {stage}: LogsOptions): boolean {
  return stage === null || ('stage' in event && stagesNamed(stage, [event.stage]).length > 0);
}

async function pause({interrupted}: Shell): Promise<void> {
  await delay(FOLLOW_MS, undefined, {signal: interrupted}).catch(() => undefined);
}

/** `wantsStart`: lines count their time from the start of the run, whichever stage they are of. */
type Printer = Readonly<{wantsStart: boolean; print(event: Event): void; end(): void}>;

function printerFor(shell: Shell, {json, events, place}: LogsOptions & {place: RunPlace}): Printer {
  if (events === 'ndjson') {
    const print = (event: Event): void => shell.print(`${JSON.stringify(event)}\n`);
    return {wantsStart: false, print, end: () => {}};
  }
  if (json) {
    const kept: Event[] = [];
    const document = {schema: 'pipeline/logs/v1', run: place.name, events: kept};
    const end = (): void => shell.print(`${JSON.stringify(document, null, 2)}\n`);
    return {wantsStart: false, print: (event) => kept.push(event), end};
  }
  const terminal = createTerminal({
    stream: shell.stdout,
    columns: shell.stdout.columns ?? Number.POSITIVE_INFINITY,
    color: shell.terminal.colorStdout,
    live: false,
    verbosity: Math.max(1, shell.verbosity) as 1 | 2,
    now: shell.now,
  });
  return {wantsStart: true, print: terminal.receive, end: terminal.close};
}

function unknownStage(first: Event | undefined, stage: string | null): Diagnostic | null {
  if (first?.type !== 'run-started' || stage === null || stagesNamed(stage, first.stages).length > 0)
    return null;
  const hint = meantStage(stage, first.stages) ?? `it has ${listWords(first.stages)}`;
  return fault(`the run has no stage '${stage}'`, null, hint);
}
