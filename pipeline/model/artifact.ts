import type {Decision, Fingerprint} from './decision.js';
import type {JsonObject} from './json.js';
import type {Digest, RunName, StageId} from './stage.js';
import type {ArtifactType} from './stage-kind.js';

/** What an artifact's `stage.json` says: what it is, what it was made of, and the digest of every file in it. */
export type ArtifactRecord = Readonly<{
  schema: 'pipeline/stage/v1';
  id: StageId;
  uses: string;
  type: ArtifactType;
  fingerprint: Fingerprint;
  /** Of the outputs' content: SHA-256 over `path + NUL + sha256 + LF` of every file in order of path. */
  output: Digest;
  /** Every file but stage.json, in order of path. */
  outputs: readonly OutputFile[];
  /** The run that made it. */
  run: RunName;
  decision: Decision;
  inputs: readonly ArtifactInput[];
  /** ISO 8601, UTC. */
  startedAt: string;
  finishedAt: string;
  seconds: number;
  /** Counts from 1 over the attempts at this fingerprint. */
  attempt: number;
  /** The earlier attempt whose resume folder this one began with. */
  resumedFrom: EarlierAttempt | null;
  /** What changed while the stage ran: the artifact may belong to neither version. */
  tainted: readonly string[];
  summary: JsonObject;
  /** Digests of the stage kind's own source files, by name: beside the key, not in it. */
  sources: Readonly<Record<string, Digest>>;
}>;

/** A file of an artifact; `path` is relative to its folder, with `/` between names. */
export type OutputFile = Readonly<{path: string; bytes: number; sha256: Digest}>;

/** An artifact that another one was made of. */
export type ArtifactInput = Readonly<{
  stage: StageId;
  uses: string;
  type: ArtifactType;
  fingerprint: Digest;
  output: Digest;
}>;

export type EarlierAttempt = Readonly<{attempt: number; run: RunName}>;

/** An output that is not as stage.json says. */
export type Damage = Readonly<{path: string; is: 'missing' | 'changed' | 'unreadable'}>;
