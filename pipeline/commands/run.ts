import {availableParallelism} from 'node:os';
import {join} from 'node:path';
import {missingFiles} from '../config/missing.js';
import type {Place} from '../dispatch/place.js';
import type {Settled} from '../execute/schedule.js';
import {type Diagnostic, fault} from '../model/diagnostic.js';
import type {Event, RunChoices} from '../model/event.js';
import {EXIT, type ExitCode} from '../model/exit-code.js';
import type {Failure} from '../model/failure.js';
import {baseOf} from '../model/member.js';
import {err, ok, type Result} from '../model/result.js';
import type {Digest, RunName, StageGraph} from '../model/stage.js';
import type {ArtifactType} from '../model/stage-kind.js';
import {type RunEnd, run} from '../run.js';
import {createTerminal, type Terminal} from '../show/live.js';
import type {Locked} from '../store/locks.js';
import type {Store} from '../store/store.js';
import {chosenAgent, type PlaceOptions, placeOf} from './agent-place.js';
import {type Chosen, choose} from './choose.js';
import {type Loaded, loadPipeline} from './load.js';
import type {ConfigOptions, SelectOptions} from './options.js';
import {PYTHON_SOURCES, ROOT} from './places.js';
import {exitCodeOf, sayFailure} from './say-failure.js';
import {readSource, sayFaults} from './say-faults.js';
import type {Shell} from './shell.js';
import {runDocument} from './show.js';
import {openState} from './state.js';

export type RunOptions = ConfigOptions &
  SelectOptions &
  PlaceOptions &
  Readonly<{
    file: string;
    stages: readonly string[];
    json?: boolean;
    dryRun?: boolean;
    keepGoing?: boolean;
    jobs?: number;
    slots: Readonly<Record<string, number>>;
    name?: string;
    message?: string;
    tag: Readonly<Record<string, string>>;
    wait: boolean;
    events?: 'ndjson';
    /** The run that this one goes on with. */
    resumes?: RunName;
  }>;

/** Runs what is not up to date. Faults of the configuration and missing data are told before anything is done. */
export async function runCommand(shell: Shell, options: RunOptions): Promise<ExitCode> {
  if (options.dryRun) return await (await import('./plan.js')).planCommand(shell, options);
  const ran = await runAndShow(shell, options);
  if (typeof ran === 'number') return ran;
  const {end, store} = ran;
  const {record, folder} = end;
  if (options.json) {
    const document = runDocument({record, folder, store, state: record.status});
    shell.print(`${JSON.stringify(document, null, 2)}\n`);
  }
  sayPages(shell, end, store.layout.artifact);
  return exitCodeOfRun(end);
}

/** What ran, succeeded or not, and where it is kept. */
export type Ran = Readonly<{end: RunEnd; store: Store; graph: StageGraph}>;

/**
 * The run itself, told to people while it goes on.
 * @param onEvent - Every event, for whoever wants more of it.
 * @returns the exit code where nothing was run; why has been said.
 */
export async function runAndShow(
  shell: Shell,
  options: RunOptions,
  onEvent: (event: Event) => void = () => {},
): Promise<Ran | ExitCode> {
  const prepared = prepare(shell, options);
  if (!prepared.ok) {
    sayFaults(shell, prepared.error);
    return EXIT.usage;
  }
  const store = openState(shell);
  if (!store.ok) return sayFailure(shell, store.error);
  const {config, graph, chosen, agentPort, place} = prepared.value;
  const terminal = terminalOf(shell);
  const ended = await run(
    {
      ...{config, graph, ...chosen, slots: options.slots, wait: options.wait, tags: options.tag},
      width: options.jobs ?? Number.POSITIVE_INFINITY,
      keepGoing: options.keepGoing ?? false,
      ...{name: options.name ?? null, message: options.message ?? null},
      choices: choicesOf(shell, options),
    },
    {
      ...{store: store.value, root: ROOT, pythonSources: PYTHON_SOURCES},
      ...{environment: shell.environment, facts: shell, cores: availableParallelism()},
      ...{agentPort, place},
      receive: receiver(shell, {terminal, ndjson: options.events === 'ndjson', onEvent}),
      onWait: (holder) => shell.say(`waiting for ${holder}; --no-wait exits instead\n`),
      ...{stop: shell.interrupted, kill: shell.killed, now: shell.now},
    },
  );
  terminal.close();
  if (!ended.ok) return sayNotRun(shell, ended.error);
  return {end: ended.value, store: store.value, graph};
}

type Prepared = Loaded &
  Readonly<{
    chosen: Chosen;
    agentPort: number;
    place: Place;
  }>;

/** What is to be run and where, once nothing is wrong with it that can be told beforehand. */
function prepare(shell: Shell, options: RunOptions): Result<Prepared, readonly Diagnostic[]> {
  const loaded = loadPipeline(shell, options);
  if (!loaded.ok) return loaded;
  const {config, graph} = loaded.value;
  const chosen = choose(graph, options);
  if (!chosen.ok) return chosen;
  const stages = [...graph.values()].filter(({id}) => chosen.value.selected.has(id));
  const absent = missingFiles({stages});
  if (absent.length > 0) return err(absent);
  const agentPort = agentPortOf(shell);
  if (!agentPort.ok) return err([agentPort.error]);
  const place = placeOf(shell, options);
  if (!place.ok) return err([place.error]);
  return ok({config, graph, chosen: chosen.value, agentPort: agentPort.value, place: place.value});
}

/** 0: any free one. */
function agentPortOf({environment}: Shell): Result<number, Diagnostic> {
  const text = environment['PIPELINE_AGENT_PORT'] || '0';
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65535) return ok(port);
  const hint = 'it takes a port number from 1 to 65535; unset, any free port will do';
  return err(fault(`PIPELINE_AGENT_PORT=${text}`, null, hint));
}

function terminalOf(shell: Shell): Terminal {
  const {stream, live, color} = shell.terminal;
  return createTerminal({
    ...{stream, live, color, columns: 100, verbosity: shell.verbosity, now: shell.now},
    readText: (file) => readSource(shell, file),
  });
}

/** Why nothing was run. */
function sayNotRun(shell: Shell, refusal: Failure | Locked): ExitCode {
  if (refusal.reason !== 'locked') return sayFailure(shell, refusal);
  if (shell.interrupted.aborted) {
    shell.say('interrupted while waiting; nothing was run\n');
    return EXIT.interrupted;
  }
  const {holder} = refusal;
  const who = holder === null ? 'another run' : `process ${holder.pid} (${holder.command})`;
  const hint = 'run again without --no-wait to wait for it';
  sayFaults(shell, [fault(`${who} runs this pipeline`, null, hint)]);
  return EXIT.locked;
}

function choicesOf(shell: Shell, options: RunOptions): RunChoices {
  const {folder} = shell;
  const {stages, only, from, until, skip, force, slots} = options;
  const agent = chosenAgent(shell, options);
  return {
    ...{folder, overlays: options.config, sets: options.set, stages, only, from, until, skip, force, slots},
    ...{jobs: options.jobs ?? null, keepGoing: options.keepGoing ?? false, resumes: options.resumes ?? null},
    ...(agent.address === '' ? {} : {agent}),
  };
}

function receiver(
  shell: Shell,
  to: {terminal: Terminal; ndjson: boolean; onEvent(event: Event): void},
): (event: Event) => void {
  return (event) => {
    to.terminal.receive(event);
    to.onEvent(event);
    if (to.ndjson) shell.print(`${JSON.stringify(event)}\n`);
  };
}

/** Artifacts that are pages to be opened, with the file. */
const PAGES: Readonly<Partial<Record<ArtifactType, string>>> = {
  'data-card': 'data-card.html',
  report: 'report.html',
};

/** The last lines tell where the pages are, so that they can be opened. */
function sayPages(shell: Shell, {settled}: RunEnd, folderOf: (digest: Digest) => string): void {
  if (shell.verbosity < 0) return;
  for (const [id, {record}] of settled) {
    const file = record === null ? undefined : PAGES[record.type];
    if (record === null || file === undefined) continue;
    // Of a matrix there is one for each member.
    const what = record.type.replace('-', ' ') + id.slice(baseOf(id).length);
    shell.say(`${what}: ${join(folderOf(record.fingerprint.digest), file)}\n`);
  }
}

/** The code of the first stage that failed; of a run that was stopped, or lacks something; else 0. */
export function exitCodeOfRun({settled, record}: RunEnd): ExitCode {
  for (const {outcome} of settled.values()) {
    if (outcome.status === 'failed') return exitCodeOf(outcome.failure);
  }
  if (record.status === 'interrupted') return EXIT.interrupted;
  return [...settled.values()].some(isLeftOut) ? EXIT.stageFailed : EXIT.ok;
}

/** A selected stage that could not run because one that it needs was left out. */
function isLeftOut({outcome}: Settled): boolean {
  return outcome.status === 'cancelled' && typeof outcome.because === 'object';
}
