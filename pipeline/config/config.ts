import type {Location} from '../model/diagnostic.js';
import type {JsonObject} from '../model/json.js';
import type {MatrixValue} from '../model/member.js';
import type {DeclaredFile, Digest, Origin, Stage} from '../model/stage.js';

/** A configuration without a fault in it, but for its edges: those are drawn and checked by graph/build.ts. */
export type PipelineConfig = Readonly<{
  /** The `pipeline:` key; names the index of last results. */
  name: string;
  /** As given on the command line, relative to the current folder or absolute. */
  file: string;
  /** Absolute. */
  path: string;
  /** Absolute; the folder of the file. */
  folder: string;
  /** Of every resolved value as written: comments, key order and the place of the file are no part of it. */
  digest: Digest;
  /** The Python interpreter to use instead of the embedded one: an absolute path, or a command to look up. */
  python: string | null;
  /** How many of each resource stages may hold at the same time. */
  slots: Readonly<Record<string, number>>;
  /** In the order of the file. */
  stages: readonly StageConfig[];
}>;

/**
 * A stage whose edges are only names so far; `needs` is null when they follow from the artifact types. What a matrix makes
 * of it stands in `matrix`; its own parameters are then those of the first member. graph/build.ts takes them apart.
 */
export type StageConfig = Omit<Stage, 'needs' | 'member'> &
  Readonly<{needs: readonly NeedName[] | null; matrix: Matrix | null}>;

/** Every combination of some values of parameters. */
export type Matrix = Readonly<{axes: readonly MatrixAxis[]; members: readonly MatrixMember[]}>;

/** `path` is dotted, below `params`. `location` is null when a -S argument gave it. */
export type MatrixAxis = Readonly<{
  path: string;
  values: readonly MatrixValue[];
  origin: Origin;
  location: Location | null;
}>;

/** One combination, by path, and the stage's parameters with it. */
export type MatrixMember = Readonly<{
  values: Readonly<Record<string, MatrixValue>>;
  params: JsonObject;
  files: readonly DeclaredFile[];
  origins: ReadonlyMap<string, Origin>;
}>;

/** `location` is null when a -S argument gave the name. */
export type NeedName = Readonly<{id: string; location: Location | null}>;
