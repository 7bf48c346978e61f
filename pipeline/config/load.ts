import {createHash} from 'node:crypto';
import {dirname, resolve} from 'node:path';
import type {Diagnostic} from '../model/diagnostic.js';
import {canonicalJson, type JsonObject} from '../model/json.js';
import {err, ok, type Result} from '../model/result.js';
import type {Digest} from '../model/stage.js';
import type {PipelineConfig, StageConfig} from './config.js';
import {check} from './faults.js';
import {type Environment, interpolate} from './interpolate.js';
import {entryAt, type Located, type LocatedMap, merge} from './located.js';
import {checkMembers} from './members.js';
import {override} from './override.js';
import {nameFrom, readConfigFile} from './read.js';
import {ANY_STAGE, type StageKinds, stageSchema, TOP_LEVEL_KEYS, topLevelSchema} from './schema.js';
import type {CheckedStage} from './stage.js';

/** What a configuration is made of, and what it may refer to. */
export type LoadRequest = Readonly<{
  /** The configuration and what is laid over it, in order; relative to `folder` or absolute. */
  file: string;
  overlays: readonly string[];
  /** The text after each -S: `path=value`. */
  sets: readonly string[];
  kinds: StageKinds;
  environment: Environment;
  /** The current folder, absolute. */
  folder: string;
  /** What is wrong with the edges of what is left: asked only when something else is wrong, to tell all at once. */
  edgeFaults(known: {stages: readonly StageConfig[]; broken: readonly string[]}): readonly Diagnostic[];
}>;

/**
 * Reads and validates a configuration. Everything that is wrong with it comes back at once. Whether the files are there
 * that its stages read, missingFiles() tells.
 */
export function loadConfig(request: LoadRequest): Result<PipelineConfig, readonly Diagnostic[]> {
  const faults: Diagnostic[] = [];
  const tree = readTree(request, faults);
  if (tree === null) return err(faults);
  const {environment, folder} = request;
  const interpolated = interpolate(tree, {environment, workingFolder: folder, faults});
  if (interpolated.kind !== 'map') throw new Error('Internal error: a map is no map any more');
  const root = interpolated;
  // A value that could not be filled in is wrong for one reason only.
  const unfilled = new Set(faults.map(place));
  const top = check(topLevelSchema(ANY_STAGE), {root, at: []});
  const stages = checkStages(root, request);
  const invalid = [...top.faults, ...stages.faults].filter(
    (fault) => fault.location === null || !unfilled.has(place(fault)),
  );
  faults.push(...invalid);
  if (top.value === null || faults.length > 0) {
    const {found, broken} = stages;
    faults.push(...request.edgeFaults({stages: found.map(({config}) => config), broken}));
    return err(inOrder(faults, request));
  }
  const {pipeline: name, python, slots} = top.value;
  const path = resolve(folder, request.file);
  const written = Object.fromEntries(stages.found.map(({config, written}) => [config.id, written]));
  return ok({
    name,
    file: request.file,
    path,
    folder: dirname(path),
    digest: digestOf({pipeline: name, python: python ?? null, slots, stages: written}),
    python: python === undefined ? null : interpreter(python, root),
    slots,
    stages: stages.found.map(({config}) => config),
  });
}

/** The files laid over one another, with every -S applied. @returns null when a file cannot be read. */
function readTree(
  {file, overlays, sets, folder, environment}: LoadRequest,
  faults: Diagnostic[],
): LocatedMap | null {
  const below = readConfigFile({file, folder, role: 'configuration'});
  const above = overlays.map((overlay) => readConfigFile({file: overlay, folder, role: 'overlay'}));
  let root: LocatedMap | null = null;
  for (const layer of [below, ...above]) {
    if (!layer.ok) faults.push(...layer.error);
    else root = root === null ? layer.value : mergeMaps(root, layer.value);
  }
  if (root === null || faults.length > 0) return null;
  for (const argument of sets) {
    const changed = override(root, {argument, topLevel: TOP_LEVEL_KEYS, folder, environment});
    if (changed.ok) root = changed.value;
    else faults.push(...changed.error);
  }
  return root;
}

function mergeMaps(below: LocatedMap, above: LocatedMap): LocatedMap {
  const merged = merge(below, above);
  if (merged.kind !== 'map') throw new Error('Internal error: two maps merge into something else');
  return merged;
}

function checkStages(
  root: LocatedMap,
  request: LoadRequest,
): {
  found: readonly CheckedStage[];
  /** Names of the others. */
  broken: readonly string[];
  faults: readonly Diagnostic[];
} {
  const stages = entryAt(root, ['stages'])?.value;
  if (stages?.kind !== 'map') return {found: [], broken: [], faults: []};
  const {kinds, environment} = request;
  const schema = stageSchema(kinds);
  const files = filesOf(request);
  const layerOf = (origin: Located['origin']): number =>
    origin.kind === 'override' ? files.length : files.indexOf(origin.location.file);
  const checked = [...stages.entries.keys()].map((id) => ({
    id,
    stage: checkMembers({id, root, kinds, schema, environment, layerOf}),
  }));
  return {
    found: checked.flatMap(({stage}) => (stage.ok ? [stage.value] : [])),
    broken: checked.flatMap(({id, stage}) => (stage.ok ? [] : [id])),
    faults: checked.flatMap(({stage}) => (stage.ok ? [] : stage.error)),
  };
}

/** A name without a slash is a command, to be looked up when it is needed. */
function interpreter(python: string, root: LocatedMap): string {
  const folder = entryAt(root, ['python'])!.value.folder;
  return python.includes('/') ? resolve(folder, python) : python;
}

function digestOf(values: JsonObject): Digest {
  return createHash('sha256').update(canonicalJson(values)).digest('hex') as Digest;
}

/** As a reader meets them: file by file from top to bottom, then what the command line got wrong. */
function inOrder(faults: readonly Diagnostic[], request: LoadRequest): readonly Diagnostic[] {
  const files = filesOf(request);
  const rank = ({location}: Diagnostic): readonly number[] =>
    location === null ? [files.length] : [files.indexOf(location.file), location.line, location.column];
  return [...faults].sort((a, b) => {
    const [left, right] = [rank(a), rank(b)];
    const first = left.findIndex((value, index) => value !== right[index]);
    return first === -1 ? 0 : left[first]! - (right[first] ?? 0);
  });
}

/** The files as locations name them, each laid over those before it. */
function filesOf({file, overlays, folder}: LoadRequest): readonly string[] {
  return [file, ...overlays].map((name) => nameFrom(folder, resolve(folder, name)));
}

function place({location}: Diagnostic): string {
  return location === null ? '' : `${location.file}:${location.line}:${location.column}`;
}
