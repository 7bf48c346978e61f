import {setTimeout as delay} from 'node:timers/promises';
import {type Diagnostic, fault} from '../model/diagnostic.js';
import type {Event} from '../model/event.js';
import {EXIT, type ExitCode} from '../model/exit-code.js';
import {meantStage, stagesNamed} from '../model/member.js';
import {listWords} from '../model/words.js';
import {createTerminal} from '../show/live.js';
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

async function printEvents(
  shell: Shell,
  request: LogsOptions & {store: Store; place: RunPlace},
): Promise<ExitCode> {
  const {store, place, stage} = request;
  const printer = printerFor(shell, request);
  let nextByte = 0;
  let last: Event | null = null;
  for (;;) {
    // Asked before reading: what a process wrote before it ended is then read for certain.
    const ended = store.runs.liveness(place) !== 'alive';
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
      const isOfStage = stage === null || ('stage' in event && stagesNamed(stage, [event.stage]).length > 0);
      if (isOfStage || (event.type === 'run-started' && printer.wantsStart)) printer.print(event);
    }
    if (!request.follow || ended || last?.type === 'run-finished' || shell.interrupted.aborted) break;
    await delay(FOLLOW_MS, undefined, {signal: shell.interrupted}).catch(() => undefined);
  }
  printer.end();
  return EXIT.ok;
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
