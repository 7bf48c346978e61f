import {join} from 'node:path';
import {EXIT, type ExitCode} from '../model/exit-code.js';
import type {JsonObject} from '../model/json.js';
import type {RunRecord, StageRecord} from '../model/record.js';
import {formatDuration, formatValue} from '../model/words.js';
import {describeFailure} from '../show/failure.js';
import {outcomeWord, taintedText} from '../show/phrases.js';
import type {Store} from '../store/store.js';
import {describeLeaderboard, leaderboardOf} from './leaderboard.js';
import {sayUnreadable, stateOf, stateText} from './ls.js';
import {sayFailure} from './say-failure.js';
import {sayFaults} from './say-faults.js';
import type {Shell} from './shell.js';
import {openState} from './state.js';
import {table} from './table.js';

/** One run: what was decided and why, how long it took, what came out. */
export async function showCommand(shell: Shell, options: {run: string; json?: boolean}): Promise<ExitCode> {
  const store = openState(shell);
  if (!store.ok) return sayFailure(shell, store.error);
  const {runs} = store.value;
  const place = runs.resolve(options.run);
  if (!place.ok) {
    sayFaults(shell, [place.error]);
    return EXIT.usage;
  }
  sayUnreadable(shell, place.value.passedOver);
  const row = runs.look(place.value);
  if (!row.ok) return sayFailure(shell, row.error);
  const {record} = row.value;
  const {folder} = place.value;
  if (options.json) {
    const document = runDocument({record, store: store.value, state: stateOf(row.value), folder});
    shell.print(`${JSON.stringify(document, null, 2)}\n`);
  } else {
    shell.print(describeRun(record, {state: stateText(row.value), folder}));
    for (const stage of record.stages) {
      const board = leaderboardOf(stage, store.value);
      if (board !== null) shell.print(`\n${stage.id}: ${describeLeaderboard(board)}`);
    }
  }
  return EXIT.ok;
}

/** What `show --json` and `run --json` print. */
export function runDocument(request: {
  record: RunRecord;
  store: Store;
  state: string;
  folder: string;
}): JsonObject {
  const {record, store, state, folder} = request;
  return {
    schema: 'pipeline/run/v1',
    run: record.run,
    pipeline: record.pipeline,
    config: record.config,
    status: state,
    message: record.message,
    tags: record.tags,
    started_at: record.startedAt,
    finished_at: record.finishedAt,
    seconds: record.seconds,
    folder,
    stages: record.stages.map((stage) => stageDocument(stage, store)),
  };
}

function stageDocument(stage: StageRecord, store: Store): JsonObject {
  const {id, decision, outcome, seconds, attempts, warnings} = stage;
  const board = leaderboardOf(stage, store);
  return {
    id,
    decision: decision?.action ?? null,
    because: (decision?.because ?? []).map((reason) => ({...reason})),
    state: outcome?.status ?? null,
    seconds,
    attempts,
    artifact: outcome?.status === 'succeeded' ? store.layout.artifact(outcome.fingerprint) : null,
    output: outcome?.status === 'succeeded' ? outcome.output : null,
    summary: outcome?.status === 'succeeded' ? outcome.summary : null,
    tainted: outcome?.status === 'succeeded' ? outcome.tainted : [],
    failure:
      outcome?.status === 'failed' ? (JSON.parse(JSON.stringify(outcome.failure)) as JsonObject) : null,
    warnings,
    ...(board === null ? {} : {leaderboard: JSON.parse(JSON.stringify(board)) as JsonObject}),
  };
}

function describeRun(record: RunRecord, {state, folder}: {state: string; folder: string}): string {
  const time = record.seconds === null ? '' : ` in ${formatDuration(record.seconds)}`;
  const head = [
    `${record.run}  ${state}${time}`,
    `pipeline ${record.pipeline}, ${record.config.file}, started ${record.startedAt}`,
    ...(record.message === null ? [] : [record.message]),
    join(folder, ''),
  ];
  const rows = record.stages.map((stage) => [
    stage.id,
    stage.decision === null ? '' : stage.decision.action.toUpperCase(),
    stage.outcome === null ? '' : outcomeWord(stage.outcome),
    stage.seconds === null ? '' : formatDuration(stage.seconds),
    (stage.decision?.because ?? []).map((reason) => reason.text).join('; '),
  ]);
  const facts = record.stages.flatMap(({id, outcome}) =>
    outcome?.status === 'succeeded' && Object.keys(outcome.summary).length > 0
      ? [`${id}: ${inWords(outcome.summary)}`]
      : [],
  );
  const doubts = record.stages.flatMap(({id, outcome}) =>
    outcome?.status === 'succeeded' && outcome.tainted.length > 0
      ? [`${id} is tainted: ${taintedText(outcome)}`]
      : [],
  );
  const failures = record.stages.flatMap(({id, outcome}) =>
    outcome?.status === 'failed' ? [`${id} failed: ${describeFailure(outcome.failure)}`] : [],
  );
  const stages = table(['stage', 'decision', 'end', 'time', 'why'], rows);
  return `${head.join('\n')}\n\n${stages}\n${[...facts, ...doubts, ...failures].map((line) => `${line}\n`).join('')}`;
}

function inWords(summary: JsonObject): string {
  return Object.entries(summary)
    .map(([name, value]) => `${name} ${formatValue(value)}`)
    .join(', ');
}
