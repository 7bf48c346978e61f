import type {Location} from './diagnostic.js';
import type {StageId} from './identity.js';
import type {JsonObject} from './json.js';
import type {StageMember} from './member.js';
import type {ArtifactType, StageKind} from './stage-kind.js';

export type {Digest, RunName, StageId} from './identity.js';

/** Where a value of the resolved configuration came from. */
export type Origin =
  | Readonly<{kind: 'file'; location: Location}>
  | Readonly<{kind: 'environment'; variable: string; location: Location}>
  | Readonly<{kind: 'override'; argument: string}>
  | Readonly<{kind: 'default'}>;

/** A file or folder outside the state directory that a stage reads. `path` is absolute. */
export type DeclaredFile = Readonly<{param: string; path: string}>;

/** One edge of the graph: the artifact of `stage`, of this type. */
export type Need = Readonly<{stage: StageId; type: ArtifactType}>;

/** One step of the pipeline, validated: its parameters have their defaults and its paths are absolute. */
export type Stage = Readonly<{
  id: StageId;
  /** When a matrix made it: of which stage, and with which values. */
  member?: StageMember;
  kind: StageKind;
  needs: readonly Need[];
  params: JsonObject;
  files: readonly DeclaredFile[];
  /** By dotted path below `params`, e.g. `optimizer.lr`; a path that is absent has the origin of its nearest parent. */
  origins: ReadonlyMap<string, Origin>;
  slots: Readonly<Record<string, number>>;
  timeoutMs: number | null;
  /** Null where the configuration says nothing: then as often as the kind does. */
  retries: number | null;
  declaredAt: Location;
}>;

/** Complete, acyclic, and iterated in topological order. Only graph/build.ts makes one. */
export type StageGraph = ReadonlyMap<StageId, Stage> & {readonly __brand: 'StageGraph'};
