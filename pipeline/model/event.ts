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
    }>
  | Readonly<{type: 'stage-decided'; stage: StageId; fingerprint: Digest | null; decision: Decision}>
  | Readonly<{type: 'stage-started'; stage: StageId; attempt: number}>
  | (Readonly<{stage: StageId}> & StageNews)
  | Readonly<{type: 'stage-finished'; stage: StageId; seconds: number; outcome: Outcome}>
  | Readonly<{type: 'run-finished'; status: RunStatus; seconds: number}>;

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
