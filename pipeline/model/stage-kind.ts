import type {ZodType} from 'zod';
import type {Failure} from './failure.js';
import type {Digest, StageId} from './identity.js';
import type {JobEvent} from './job-event.js';
import type {JsonObject} from './json.js';
import type {StageMember} from './member.js';
import type {Result} from './result.js';

/** What a stage leaves behind; edges of the graph are matched by it. `files` is whatever an `exec` stage declares. */
export type ArtifactType =
  | 'archives'
  | 'dataset'
  | 'folds'
  | 'images'
  | 'audit'
  | 'data-card'
  | 'weights'
  | 'model'
  | 'predictions'
  | 'evaluation'
  | 'leaderboard'
  | 'report'
  | 'files';

/** A kind of stage that `uses:` can name. Adding a stage to the product means writing one of these. */
export type StageKind = Readonly<{
  uses: string;
  /** Part of the fingerprint. Raise it when the same inputs would give another output than before. */
  version: number;
  /** One line for `pipeline validate`, the schema and the documentation. */
  summary: string;
  inputs: readonly StageInput[];
  output: ArtifactType;
  params: ZodType<JsonObject>;
  /** What the parameter `preset` fills in by its name, where a configuration writes nothing. */
  presets?: ReadonlyMap<string, JsonObject>;
  /** Top-level parameters that name files or folders; their content is in the fingerprint, their path is not. */
  paths: readonly PathParam[];
  /** Top-level parameters that change how fast a result comes, not the result: left out of the fingerprint. */
  speedOnly: readonly string[];
  slots: Readonly<Record<string, number>>;
  /** How often in a row it is tried again when the world broke it, unless the configuration says; 0 when absent. */
  retries?: number;
  /**
   * Of an artifact that is there: why these parameters, which are not in the key, do not let it stand, for example a limit
   * that was lowered since; null when they do.
   */
  refuses?(summary: JsonObject, params: JsonObject): string | null;
  work: Work;
}>;

/**
 * `inKey: false`: it must be there first, but what it is leaves no trace in the result, so it is not in the fingerprint.
 * `many: true`: the stage gathers: it takes what all stages make of that type, every member of a matrix too.
 */
export type StageInput = Readonly<{type: ArtifactType; optional: boolean; inKey?: false; many?: true}>;

export type PathOfWord = (
  environment: Readonly<Record<string, string | undefined>>,
  params: JsonObject,
) => string;

export type PathParam = Readonly<{
  param: string;
  /** `either` where a stage takes a file as well as a folder. The value may be one path or a list of them. */
  is: 'file' | 'folder' | 'either';
  /** The order of a list is part of its content: its entries are known by their place instead of by their path. */
  ordered?: true;
  /**
   * Words that may be written instead of a path: each stands for a file whose absolute path follows from the environment
   * and the other parameters.
   * A file that has such a name itself is written with `./` before it.
   */
  words?: Readonly<Record<string, PathOfWord>>;
  /** What to do when it is missing. */
  hint: string;
}>;

/** How a stage is carried out. The `kind` alone decides which executor takes it. */
export type Work =
  | Readonly<{kind: 'in-process'; run(context: StageContext): Promise<StageResult>}>
  | Readonly<{kind: 'bridge'; callable: string; timeoutMs: number; input(context: StageContext): JsonObject}>
  | Readonly<{kind: 'distributed'; launch(context: StageContext): Launch}>
  | Readonly<{kind: 'exec'}>;

/** The headline facts of a finished stage (counts, a metric), shown on the terminal and kept in the run record. */
export type StageResult = Result<JsonObject, Failure>;

/** A job for the runtime agent: `ranks` processes of a Python module under torch.distributed. */
export type Launch = Readonly<{
  module: string;
  ranks: number;
  /** False starts the module itself: for one rank that needs no torch.distributed. True when absent. */
  torchrun?: boolean;
  /** Written as JSON for the module; its paths are absolute. */
  arguments: JsonObject;
  /** For the ranks. OMP_NUM_THREADS is cores / ranks unless set here. */
  environment: Readonly<Record<string, string>>;
  /** Files that are in the context's `out` when the job ended well, else it did not. None when absent. */
  promises?: readonly string[];
}>;

/** What a running stage may touch. All paths are absolute. */
export type StageContext = Readonly<{
  stage: StageId;
  params: JsonObject;
  /** The artifact of that type among the stage's needs; asking for one that the kind does not declare is a bug. */
  need(type: ArtifactType): ArtifactRef;
  optionalNeed(type: ArtifactType): ArtifactRef | null;
  needs: readonly ArtifactRef[];
  /** The one folder to write outputs into; becomes the artifact by a rename when the stage succeeds. */
  out: string;
  /** Kept over failed and killed attempts of the same fingerprint, removed once the stage has succeeded. */
  resume: string;
  report(news: StageNews): void;
  signal: AbortSignal;
  /** Worker threads or processes that this stage may keep busy. */
  concurrency: number;
  /** Facts about the run, for stages that describe it (the report). */
  runFolder: string;
  /**
   * SHA-256 of the files of a declared path, as hashed for the fingerprint: what is in it need not be read for its digest
   * again. By path relative to the folder with `/` between names, or under the empty name when the path is a file.
   */
  digests(path: string): ReadonlyMap<string, Digest>;
  /**
   * Intact artifacts that this stage made in earlier runs with the same version and parameters, of other inputs, newest
   * first: what of them still holds need not be made again.
   */
  earlier(): Promise<readonly ArtifactRef[]>;
  /**
   * Folders in which earlier attempts at this stage and runs of it left files, whatever its parameters and inputs were:
   * resume folders and artifacts, also damaged ones, newest first, absolute. Nothing vouches for what is in them, and
   * another run may be at work there: it is for stages that know what they look for by its content.
   */
  leftovers(): Promise<readonly string[]>;
  /** Makes or finds the interpreter, for an in-process stage that needs Python for some of its data. */
  python(): Promise<Result<PythonTool, Failure>>;
}>;

/** Absolute paths: the interpreter, and the folder to put on PYTHONPATH. */
export type PythonTool = Readonly<{executable: string; sources: string}>;

/** An artifact as the next stage sees it. */
export type ArtifactRef = Readonly<{
  stage: StageId;
  /** When a matrix made the stage: of which one, and with which values. */
  member?: StageMember;
  /** The stages that the stage takes from today, for one that gathers what belongs together. */
  needs?: readonly Readonly<{stage: StageId; type: ArtifactType}>[];
  uses: string;
  type: ArtifactType;
  /** Absolute path of the immutable folder. */
  path: string;
  /** Of the outputs' content. */
  output: Digest;
  fingerprint: Digest;
  /** The producing stage's parameters as resolved today: a moved data folder is found through them. */
  params: JsonObject;
}>;

/** What a stage can say while it runs. */
export type StageNews =
  | Readonly<{type: 'stage-progress'; done: number; total: number | null; unit: string}>
  /** `stays`: worth a line of its own also on a screen that is drawn over. A warning always is. */
  | Readonly<{type: 'stage-note'; level: 'info' | 'warning'; text: string; stays?: true}>
  | Readonly<{type: 'stage-output'; stream: 'stdout' | 'stderr'; rank: number | null; text: string}>
  /** `jobSeq`: the number of its line in the job's journal. */
  | Readonly<{type: 'job-event'; job: string; jobSeq: number; event: JobEvent}>;
