import {isAbsolute, resolve} from 'node:path';
import type {Diagnostic} from '../model/diagnostic.js';
import {isJsonObject, type Json, type JsonObject} from '../model/json.js';
import {err, ok, type Result} from '../model/result.js';
import type {DeclaredFile, Origin, StageId} from '../model/stage.js';
import type {StageKind} from '../model/stage-kind.js';
import type {StageConfig} from './config.js';
import {check} from './faults.js';
import type {Environment} from './interpolate.js';
import {entryAt, type Located, locationOf} from './located.js';
import {STAGE_OF_NO_KIND, type StageKinds, type stageSchema} from './schema.js';

/** A stage, and its values before paths became absolute: what the configuration's digest is taken of. */
export type CheckedStage = Readonly<{config: StageConfig; written: JsonObject}>;

/** Checks one stage of the merged tree and resolves its values. */
export function checkStage(request: {
  id: string;
  root: Located;
  kinds: StageKinds;
  schema: ReturnType<typeof stageSchema>;
  environment: Environment;
}): Result<CheckedStage, readonly Diagnostic[]> {
  const {id, root, kinds, environment} = request;
  const at = ['stages', id];
  const {value, faults} = check(request.schema, {root, at});
  const declaredAt = entryAt(root, at)?.key;
  if (value === null || !declaredAt) {
    const uses = entryAt(root, [...at, 'uses'])?.value;
    const isKnown = uses?.kind === 'scalar' && kinds.has(String(uses.value));
    if (entryAt(root, at)?.value.kind !== 'map') return err(faults);
    return err(isKnown ? faults : [...faults, ...check(STAGE_OF_NO_KIND, {root, at}).faults]);
  }
  const kind = kinds.get(value.uses)!;
  const written = entryAt(root, [...at, 'params'])?.value ?? null;
  const {params, files} = absolutePaths(value.params, {
    ...{kind, written, environment},
    folder: root.folder,
  });
  const timeoutMs = value.timeout === undefined ? null : milliseconds(value.timeout);
  // Who names slots says what the stage takes: the kind's are for those who do not.
  const slots = Object.keys(value.slots).length > 0 ? value.slots : kind.slots;
  const retries = value.retries ?? null;
  const needs = value.needs?.map((name, index) => {
    const node = entryAt(root, [...at, 'needs', index])!.value;
    return {id: name, location: locationOf(node)};
  });
  const config: StageConfig = {
    id: id as StageId,
    kind,
    needs: needs ?? null,
    params,
    files,
    origins: originsOf(params, written),
    matrix: null,
    ...{slots, timeoutMs, retries, declaredAt},
  };
  const names = value.needs ?? null;
  return ok({
    config,
    written: {
      uses: kind.uses,
      needs: names,
      params: tidyPaths(value.params, kind),
      slots,
      timeoutMs,
      retries,
    },
  });
}

/** Absolute paths without detours, so that they are the same when they are read again as they were resolved. */
function tidyPaths(params: JsonObject, {paths}: StageKind): JsonObject {
  const names = new Set(paths.map(({param}) => param));
  const tidy = (value: Json): Json => {
    if (Array.isArray(value)) return value.map((item: Json) => tidy(item));
    return typeof value === 'string' && isAbsolute(value) ? resolve(value) : value;
  };
  return Object.fromEntries(
    Object.entries(params).map(([name, value]) => [name, names.has(name) ? tidy(value) : value]),
  );
}

/** Parameters that name files become absolute, and are declared. */
function absolutePaths(
  params: JsonObject,
  {
    kind,
    written,
    environment,
    folder,
  }: {
    kind: StageKind;
    environment: Environment;
    written: Located | null /** Of the configuration: a default starts there. */;
    folder: string;
  },
): {params: JsonObject; files: readonly DeclaredFile[]} {
  const files: DeclaredFile[] = [];
  const absolute: Record<string, Json> = {...params};
  for (const {param, ordered, words} of kind.paths) {
    const value = params[param];
    const startOf = (path: readonly PropertyKey[]) =>
      (written === null ? null : entryAt(written, path))?.value.folder ?? folder;
    if (typeof value === 'string') {
      const standsFor = words !== undefined && Object.hasOwn(words, value) ? words[value]! : null;
      const path = standsFor?.(environment, params) ?? resolve(startOf([param]), value);
      absolute[param] = path;
      files.push({param, path});
    } else if (Array.isArray(value)) {
      const paths = value.map((item, index) => resolve(startOf([param, index]), String(item)));
      absolute[param] = paths;
      // Named as written: mostly the order of a list and the place of the project are no part of a fingerprint.
      const nameOf = (index: number) => (ordered ? index : String(value[index]));
      files.push(...paths.map((path, index) => ({param: `${param}.${nameOf(index)}`, path})));
    }
  }
  return {params: absolute, files};
}

/** Every written value, and every default that stands beside one. */
function originsOf(params: JsonObject, written: Located | null): ReadonlyMap<string, Origin> {
  const origins = new Map<string, Origin>();
  const record = (path: string, value: Json, node: Located | null): void => {
    if (path !== '') origins.set(path, node === null ? {kind: 'default'} : node.origin);
    if (node === null) return;
    const below = (key: string | number) => (path === '' ? String(key) : `${path}.${key}`);
    const child = (key: string | number) => entryAt(node, [key])?.value ?? null;
    if (isJsonObject(value)) {
      for (const [key, field] of Object.entries(value)) record(below(key), field, child(key));
    } else if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) record(below(index), item as Json, child(index));
    }
  };
  record('', params, written);
  if (written === null) for (const key of Object.keys(params)) origins.set(key, {kind: 'default'});
  return origins;
}

/** @param time - Seconds, or text such as 90s, 15m, 2h (checked by the schema). */
function milliseconds(time: number | string): number {
  if (typeof time === 'number') return time * 1000;
  const unit = {s: 1, m: 60, h: 3600}[time.slice(-1)]!;
  return Number(time.slice(0, -1)) * unit * 1000;
}
