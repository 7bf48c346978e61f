import type {Decision} from './decision.js';
import type {Event, Outcome, RunChoices, RunStatus} from './event.js';
import type {Digest, RunName, StageId} from './stage.js';

/** The story of one run so far: a pure fold over its events. A run whose process died is `unfinished`. */
export type RunRecord = Readonly<{
  schema: 'pipeline/run/v1';
  run: RunName;
  pipeline: string;
  config: Readonly<{file: string; path: string; digest: Digest}>;
  argv: readonly string[];
  message: string | null;
  tags: Readonly<Record<string, string>>;
  pid: number;
  host: string;
  /** Absent in records of before. */
  choices?: RunChoices;
  startedAt: string;
  /** When it was told to stop, if it was. */
  stoppingAt?: string;
  finishedAt: string | null;
  status: RunStatus | 'unfinished';
  seconds: number | null;
  stages: readonly StageRecord[];
}>;

export type StageRecord = Readonly<{
  id: StageId;
  fingerprint: Digest | null;
  decision: Decision | null;
  attempts: number;
  seconds: number | null;
  outcome: Outcome | null;
  warnings: readonly string[];
}>;

/** @returns null when the events do not begin with `run-started` (an empty journal). */
export function foldEvents(events: Iterable<Event>): RunRecord | null {
  let record: RunRecord | null = null;
  for (const event of events) record = record === null ? start(event) : advance(record, event);
  return record;
}

function start(event: Event): RunRecord | null {
  if (event.type !== 'run-started') return null;
  const {run, pipeline, config, argv, message, tags, pid, host} = event;
  const stages = event.stages.map(
    (id): StageRecord => ({
      id,
      fingerprint: null,
      decision: null,
      attempts: 0,
      seconds: null,
      outcome: null,
      warnings: [],
    }),
  );
  return {
    schema: 'pipeline/run/v1',
    ...{run, pipeline, config, argv, message, tags, pid, host, stages},
    ...(event.choices === undefined ? {} : {choices: event.choices}),
    startedAt: event.at,
    finishedAt: null,
    status: 'unfinished',
    seconds: null,
  };
}

/** One more event: the record after it. */
export function advance(record: RunRecord, event: Event): RunRecord {
  const change = (id: StageId, update: (stage: StageRecord) => Partial<StageRecord>): RunRecord => ({
    ...record,
    stages: record.stages.map((stage) => (stage.id === id ? {...stage, ...update(stage)} : stage)),
  });
  switch (event.type) {
    case 'stage-decided':
      return change(event.stage, () => ({fingerprint: event.fingerprint, decision: event.decision}));
    case 'stage-started':
      return change(event.stage, () => ({attempts: event.attempt}));
    case 'stage-note':
      if (event.level !== 'warning') return record;
      return change(event.stage, (stage) => ({warnings: [...stage.warnings, event.text]}));
    case 'stage-finished':
      return change(event.stage, () => ({seconds: event.seconds, outcome: event.outcome}));
    case 'run-stopping':
      return {...record, stoppingAt: event.at};
    case 'run-finished':
      return {...record, status: event.status, seconds: event.seconds, finishedAt: event.at};
    default:
      return record;
  }
}
