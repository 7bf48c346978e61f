import {existsSync} from 'node:fs';
import {resolve} from 'node:path';
import {createHasher} from '../cache/hash.js';
import {type PlannedStage, planRun} from '../cache/plan.js';
import {type Diagnostic, fault} from '../model/diagnostic.js';
import {EXIT, type ExitCode} from '../model/exit-code.js';
import type {Failure} from '../model/failure.js';
import type {JsonObject} from '../model/json.js';
import {meantStage, stagesNamed} from '../model/member.js';
import {ok, type Result} from '../model/result.js';
import type {StageId} from '../model/stage.js';
import {listWords} from '../model/words.js';
import {type Activity, activityDocument, activityLines} from '../show/activity.js';
import {decisionWord, reasonText} from '../show/phrases.js';
import type {RunRow} from '../store/runs.js';
import type {Store} from '../store/store.js';
import {choose} from './choose.js';
import {type Loaded, loadPipeline} from './load.js';
import {sayUnreadable} from './ls.js';
import type {ConfigOptions, SelectOptions} from './options.js';
import {sayFailure} from './say-failure.js';
import {sayFaults} from './say-faults.js';
import type {Shell} from './shell.js';
import {openState} from './state.js';
import {table} from './table.js';
import {findUnderWay} from './under-way.js';

export type PlanOptions = ConfigOptions &
  SelectOptions &
  Readonly<{file: string; stages: readonly string[]; json?: boolean; check?: boolean}>;

/** What `run` would do, and why; nothing is written. With `check`, exit 3 when something is not up to date. */
export async function planCommand(shell: Shell, options: PlanOptions): Promise<ExitCode> {
  const planned = await makePlan(shell, options);
  if (!planned.ok) return sayRefusal(shell, planned.error);
  printPlan(shell, {...planned.value, json: options.json ?? false, schema: 'pipeline/plan/v1'});
  const stale = planned.value.plan.some(({state}) => state === 'runs');
  return options.check && stale ? EXIT.differs : EXIT.ok;
}

/** What is under way, and the same for a whole pipeline, by default the one of the last run. */
export async function statusCommand(
  shell: Shell,
  options: ConfigOptions & {file: string | null; json?: boolean},
): Promise<ExitCode> {
  const listed = surveyRuns(shell);
  if (typeof listed === 'number') return listed;
  const underWay = findUnderWay(listed.store, listed.rows);
  if (!underWay.ok) return sayFailure(shell, underWay.error);
  const nowMs = shell.now().getTime();
  // Told first: what the files of the configuration say takes longer, and may be nothing but faults.
  if (!options.json) for (const activity of underWay.value) shell.print(activityText(activity, nowMs));
  const file = options.file ?? configOf(shell, listed.rows);
  if (file === null) return EXIT.usage;
  const running = underWay.value.map((activity) => activityDocument(activity, nowMs));
  const planned = await makePlan(shell, {...options, ...EVERYTHING, file});
  if (!planned.ok) return sayRefusal(shell, planned.error, {running});
  const ours = underWay.value.filter(({pipeline}) => pipeline === planned.value.loaded.config.name);
  const busy = new Set(ours.flatMap(({stages}) => stages.map(({view}) => view.id)));
  const json = options.json ?? false;
  printPlan(shell, {...planned.value, json, schema: 'pipeline/status/v1', more: {running}, busy});
  return EXIT.ok;
}

function activityText(activity: Activity, nowMs: number): string {
  return `${activityLines(activity, nowMs).join('\n')}\n\n`;
}

/** Every reason for what would be done with one stage, and what was made of it the last time. */
export async function whyCommand(
  shell: Shell,
  options: ConfigOptions & {stage: string; file: string | null; json?: boolean},
): Promise<ExitCode> {
  const file = options.file ?? lastConfig(shell);
  if (file === null) return EXIT.usage;
  const planned = await makePlan(shell, {...options, ...EVERYTHING, file});
  if (!planned.ok) return sayRefusal(shell, planned.error);
  const {plan, store} = planned.value;
  const ids = plan.map(({stage}) => stage.id);
  const named = new Set(stagesNamed(options.stage, ids));
  const entries = plan.filter(({stage}) => named.has(stage.id));
  const [entry, ...others] = entries;
  if (entry === undefined) {
    const hint = meantStage(options.stage, ids) ?? `it has ${listWords(ids)}`;
    sayFaults(shell, [fault(`${file} has no stage '${options.stage}'`, null, hint)]);
    return EXIT.usage;
  }
  if (options.json) {
    // A stage with a matrix has a decision for each member.
    const members = {id: options.stage, members: entries.map((one) => planEntry(one, store))};
    const what = others.length === 0 ? planEntry(entry, store) : members;
    shell.print(`${JSON.stringify({schema: 'pipeline/why/v1', ...what}, null, 2)}\n`);
    return EXIT.ok;
  }
  for (const {stage, decision} of entries) {
    shell.print(table([stage.id, decisionWord(decision), reasonText(decision)], []));
    for (const reason of decision.because.slice(1)) shell.print(`  ${reason.text}\n`);
  }
  return EXIT.ok;
}

const EVERYTHING = {stages: [], only: [], from: [], until: [], skip: [], force: []} as const;

type Planned = Readonly<{plan: readonly PlannedStage[]; store: Store; loaded: Loaded}>;

/** Faults of the configuration or of what was chosen of it, or why it cannot be told what is up to date. */
type Refusal = readonly Diagnostic[] | Failure;

async function makePlan(shell: Shell, options: PlanOptions): Promise<Result<Planned, Refusal>> {
  const loaded = loadPipeline(shell, options);
  if (!loaded.ok) return loaded;
  const {graph, config} = loaded.value;
  const chosen = choose(graph, options);
  if (!chosen.ok) return chosen;
  const store = openState(shell);
  if (!store.ok) return store;
  const facts = {
    store: store.value,
    hasher: createHasher(store.value.stats),
    pipeline: config.name,
    environment: shell.environment,
  };
  const plan = await planRun({graph, ...chosen.value}, facts);
  return plan.ok ? ok({plan: plan.value, store: store.value, loaded: loaded.value}) : plan;
}

/** @param more - What is known all the same, for machines. */
function sayRefusal(shell: Shell, refusal: Refusal, more: JsonObject = {}): ExitCode {
  const toPeople: Shell = {...shell, json: false};
  if (shell.json) {
    const told = 'reason' in refusal ? {failure: refusal} : {diagnostics: refusal};
    shell.print(`${JSON.stringify({schema: 'pipeline/error/v1', ...told, ...more}, null, 2)}\n`);
  }
  if ('reason' in refusal) return sayFailure(toPeople, refusal);
  sayFaults(toPeople, refusal);
  return EXIT.usage;
}

type Printed = Planned &
  Readonly<{json: boolean; schema: string; more?: JsonObject; busy?: ReadonlySet<StageId>}>;

function printPlan(shell: Shell, request: Printed): void {
  const {plan, store, loaded, more = {}, busy} = request;
  if (request.json) {
    const stages = plan.map((entry) => planEntry(entry, store));
    const document = {schema: request.schema, pipeline: loaded.config.name, run: null, ...more, stages};
    shell.print(`${JSON.stringify(document, null, 2)}\n`);
    return;
  }
  const rows = plan.map(({stage, state, decision}) => [
    stage.id,
    busy?.has(stage.id) ? 'RUNNING' : state === 'left-out' ? 'LEFT OUT' : decisionWord(decision),
    reasonText(decision),
  ]);
  shell.print(table([], rows));
}

function planEntry({stage, state, decision, found}: PlannedStage, store: Store): JsonObject {
  const last = found === null ? null : found.seconds;
  return {
    id: stage.id,
    decision: decision.action,
    because: decision.because.map((reason) => ({...reason})),
    state: state === 'ready' ? 'up-to-date' : state === 'runs' ? 'stale' : 'left-out',
    seconds: last,
    artifact: state === 'ready' && found !== null ? store.layout.artifact(found.fingerprint.digest) : null,
  };
}

/** The configuration file of the latest run, or a message that says how to name one. */
function lastConfig(shell: Shell): string | null {
  const listed = surveyRuns(shell);
  return typeof listed === 'number' ? null : configOf(shell, listed.rows);
}

function surveyRuns(shell: Shell): Readonly<{store: Store; rows: readonly RunRow[]}> | ExitCode {
  const store = openState(shell);
  if (!store.ok) return sayFailure(shell, store.error);
  const listed = store.value.runs.survey();
  if (!listed.ok) return sayFailure(shell, listed.error);
  sayUnreadable(shell, listed.value.unreadable);
  return {store: store.value, rows: listed.value.rows};
}

function configOf(shell: Shell, rows: readonly RunRow[]): string | null {
  const config = rows[0]?.record.config;
  // From another folder the name as it was typed leads nowhere.
  if (config !== undefined) return existsSync(resolve(shell.folder, config.file)) ? config.file : config.path;
  sayFaults(shell, [fault('nothing has been run here yet', null, 'name a configuration file')]);
  return null;
}
