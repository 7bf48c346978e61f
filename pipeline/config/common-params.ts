import {canonicalJson, isJsonObject, type Json, type JsonObject} from '../model/json.js';
import type {Matrix, StageConfig} from './config.js';

/**
 * The parameters of a stage; with a matrix those that all of its members have in common, without what it varies. Written
 * beside the matrix they make the same members again.
 */
export function commonParams({params, matrix}: Pick<StageConfig, 'params' | 'matrix'>): JsonObject {
  if (matrix === null) return params;
  const others = matrix.members.map((member) => member.params);
  const varied = new Set(matrix.axes.map(({path}) => path));
  return common(params, {others, varied, path: ''}) ?? {};
}

/** The lists of a matrix, with the values as they were resolved: paths are absolute. */
export function matrixValues({axes, members}: Matrix): Record<string, readonly Json[]> {
  const resolved = (path: string, value: Json): Json => {
    const member = members.find(({values}) => values[path] === value);
    const found = valueAt(member?.params ?? {}, path.split('.'));
    return found === undefined || (found !== null && typeof found === 'object') ? value : found;
  };
  return Object.fromEntries(
    axes.map(({path, values}) => [path, values.map((value) => resolved(path, value))]),
  );
}

/** @returns null when nothing of a map that held something is left. */
function common(
  params: JsonObject,
  {others, varied, path}: {others: readonly JsonObject[]; varied: ReadonlySet<string>; path: string},
): JsonObject | null {
  const fields = Object.entries(params).flatMap(([key, value]): [string, Json][] => {
    const at = path === '' ? key : `${path}.${key}`;
    if (varied.has(at)) return [];
    const theirs = others.map((other) => other[key]);
    if (isJsonObject(value)) {
      const maps = theirs.filter((other) => other !== undefined && isJsonObject(other));
      const kept = maps.length === theirs.length ? common(value, {others: maps, varied, path: at}) : null;
      return kept === null ? [] : [[key, kept]];
    }
    const text = canonicalJson(value);
    const isSame = theirs.every((other) => other !== undefined && canonicalJson(other) === text);
    return isSame ? [[key, value]] : [];
  });
  return fields.length === 0 && Object.keys(params).length > 0 ? null : Object.fromEntries(fields);
}

function valueAt(params: JsonObject, steps: readonly string[]): Json | undefined {
  let value: Json | undefined = params;
  for (const step of steps) value = value !== undefined && isJsonObject(value) ? value[step] : undefined;
  return value;
}
