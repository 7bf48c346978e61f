import type {Decision} from './decision.js';
import type {Failure} from './failure.js';
import type {JsonObject} from './json.js';
import type {Digest, RunName, StageId} from './stage.js';
import type {StageNews} from './stage-kind.js';

/** Everything that happens in a run, in order. The terminal, `--events ndjson` and the journal read this one stream. */
export type Event = Readonly<{seq: number /** ISO 8601, UTC. */; at: string}> & News;

export type News =
  | Readonly<{
      type: 'run-started';
      run: RunName;
      pipeline: string;
      /** `file` as it was typed, `path` absolute. */
      config: Readonly<{file: string; path: string; digest: Digest}>;
      stages: readonly StageId[];
      argv: readonly string[];
      message: string | null;
      tags: Readonly<Record<string, string>>;
      pid: number;
      host: string;
      /** Absent where whoever ran it had no command line, and in journals of before. */
      choices?: RunChoices;
    }>
  /** It was told to save what it has and to end. */
  | Readonly<{type: 'run-stopping'}>
  | Readonly<{type: 'stage-decided'; stage: StageId; fingerprint: Digest | null; decision: Decision}>
  | Readonly<{type: 'stage-started'; stage: StageId; attempt: number}>
  | (Readonly<{stage: StageId}> & StageNews)
  | Readonly<{type: 'stage-finished'; stage: StageId; seconds: number; outcome: Outcome}>
  | Readonly<{type: 'run-finished'; status: RunStatus; seconds: number}>;

/** What the command line chose for a run, so that another run can go on with it. */
export type RunChoices = Readonly<{
  /** The current folder, absolute: the paths here and that of the configuration are relative to it. */
  folder: string;
  overlays: readonly string[];
  /** The text after each -S. */
  sets: readonly string[];
  stages: readonly string[];
  only: readonly string[];
  from: readonly string[];
  until: readonly string[];
  skip: readonly string[];
  force: readonly string[];
  slots: Readonly<Record<string, number>>;
  jobs: number | null;
  keepGoing: boolean;
  /** A standing agent: its address and the file of its keys. */
  agent?: Readonly<{address: string; keys: string}>;
  /** The run that this one goes on with. */
  resumes: RunName | null;
}>;

export type RunStatus = 'succeeded' | 'failed' | 'interrupted';

export type Outcome =
  | Readonly<{
      status: 'succeeded';
      how: 'skipped' | 'restored' | 'ran';
      fingerprint: Digest;
      output: Digest;
      /** An input changed while the stage ran: what it made may belong to neither version. Every report says so. */
      tainted: readonly string[];
      summary: JsonObject;
    }>
  | Readonly<{status: 'failed'; failure: Failure}>
  | Readonly<{
      status: 'cancelled';
      because:
        | 'interrupted'
        | Readonly<{needs: StageId; isSelected: boolean}>
        | 'earlier-failure'
        | 'not-selected';
    }>;
