import type {Json, JsonObject} from './json.js';
import type {Digest, StageId} from './stage.js';

/** Every meaningful input of a stage. Equal digests promise equal outputs (as far as the stage is deterministic). */
export type Fingerprint = Readonly<{digest: Digest; parts: FingerprintParts}>;

/** What the digest is taken of, kept beside the artifact so that a later run can say what changed. */
export type FingerprintParts = Readonly<{
  /** Of this key's own layout. */
  schema: 1;
  uses: string;
  version: number;
  /** The parameters that the stage really uses: no paths, none that only change its speed. */
  params: JsonObject;
  /** Content digests of declared files and folders, by parameter name. */
  files: Readonly<Record<string, Digest>>;
  /** Output digests of the artifacts it needs, by artifact type (by stage id for `exec`). */
  needs: Readonly<Record<string, Digest>>;
  /** Values of declared environment variables; null when unset. */
  environment: Readonly<Record<string, string | null>>;
}>;

export type ReasonCode =
  | 'unchanged'
  | 'restored'
  | 'first-run'
  | 'forced'
  | 'parameter-changed'
  | 'file-changed'
  | 'need-changed'
  | 'need-runs'
  | 'version-changed'
  | 'environment-changed'
  | 'output-damaged'
  | 'output-refused'
  | 'resumes';

/** Why; the terminal, the events, `pipeline why` and the report print the same `text`. */
export type Reason = Readonly<{
  code: ReasonCode;
  text: string;
  /** Dotted path of the parameter, or the name of the variable or file. */
  subject?: string;
  file?: string;
  line?: number;
  before?: Json;
  after?: Json;
  stage?: StageId;
}>;

/** What to do with a stage, and always why. `restore`: an older artifact has this fingerprint. */
export type Decision = Readonly<{action: 'skip' | 'restore' | 'run'; because: readonly Reason[]}>;
