import {setTimeout as delay} from 'node:timers/promises';
import type {Event} from '../model/event.js';
import {EXIT, type ExitCode} from '../model/exit-code.js';
import {nearest} from '../model/spelling.js';
import {createTerminal} from '../show/live.js';
import type {RunPlace} from '../store/run-reference.js';
import type {Store} from '../store/store.js';
import {sayFaults} from './load.js';
import {sayFailure} from './say-failure.js';
import type {Shell} from './shell.js';
import {openState} from './state.js';

/** How often a followed journal is looked at; it is a file, perhaps on another machine's disk. */
const FOLLOW_MS = 300;

/** The story of a run as lines, on stdout; `--json` prints the events themselves. */
export async function logsCommand(
  shell: Shell,
  options: {run: string; stage: string | null; follow?: boolean; json?: boolean},
): Promise<ExitCode> {
  const store = openState(shell);
  if (!store.ok) return sayFailure(shell, store.error);
  const place = store.value.runs.resolve(options.run);
  if (!place.ok) {
    sayFaults(shell, [place.error]);
    return EXIT.usage;
  }
  return await printEvents(shell, {...options, store: store.value, place: place.value});
}

async function printEvents(
  shell: Shell,
  request: {store: Store; place: RunPlace; stage: string | null; follow?: boolean; json?: boolean},
): Promise<ExitCode> {
  const {store, place, stage} = request;
  const print = printer(shell, request.json ?? false);
  let nextByte = 0;
  const seen: Event[] = [];
  for (;;) {
    // Asked before reading: what a process wrote before it ended is then read for certain.
    const ended = store.runs.liveness(place) !== 'alive';
    const read = store.runs.events(place, nextByte);
    if (!read.ok) return sayFailure(shell, read.error);
    nextByte = read.value.nextByte;
    const wrongStage = seen.length === 0 ? unknownStage(read.value.events[0], stage) : null;
    if (wrongStage !== null) {
      shell.say(`error: ${wrongStage}\n`);
      return EXIT.usage;
    }
    for (const event of read.value.events) {
      seen.push(event);
      // Lines count their time from the start of the run, whichever stage they are of.
      const heads = event.type === 'run-started' && !request.json;
      if (stage === null || heads || ('stage' in event && event.stage === stage)) print(event);
    }
    if (!request.follow || ended || seen.at(-1)?.type === 'run-finished' || shell.interrupted.aborted) break;
    await delay(FOLLOW_MS, undefined, {signal: shell.interrupted}).catch(() => undefined);
  }
  return EXIT.ok;
}

function printer(shell: Shell, json: boolean): (event: Event) => void {
  if (json) return (event) => shell.print(`${JSON.stringify(event)}\n`);
  const terminal = createTerminal({
    stream: shell.stdout,
    columns: shell.stdout.columns ?? Number.POSITIVE_INFINITY,
    color: shell.terminal.colorStdout,
    live: false,
    verbosity: Math.max(1, shell.verbosity) as 1 | 2,
    now: shell.now,
  });
  return (event) => terminal.receive(event);
}

function unknownStage(first: Event | undefined, stage: string | null): string | null {
  if (first?.type !== 'run-started' || stage === null) return null;
  if (first.stages.some((id) => id === stage)) return null;
  const like = nearest(stage, first.stages);
  return `the run has no stage '${stage}'${like === null ? `; it has ${first.stages.join(', ')}` : `; did you mean ${like}?`}`;
}
