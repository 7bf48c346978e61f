import {type Diagnostic, fault, type Location} from '../model/diagnostic.js';
import type {MatrixValue} from '../model/member.js';
import {valueText} from '../model/member.js';
import {err, ok, type Result} from '../model/result.js';
import {countOf} from '../model/words.js';
import {check} from './faults.js';
import {entryAt, type Located, type LocatedMap, locationOf} from './located.js';
import {MATRIX, MOST_MEMBERS, type StageKinds} from './schema.js';

/** One parameter that a matrix varies, as it is written. */
export type WrittenAxis = Readonly<{
  /** Dotted, below `params`. */
  path: string;
  /** Of the path; null when a -S argument gave it. */
  key: Location | null;
  origin: Located['origin'];
  /** Scalars, no two of them equal. */
  values: readonly Located[];
}>;

/** A stage as if one combination of the values had been written into its parameters, and the matrix had not. */
export type WrittenMember = Readonly<{stage: LocatedMap; values: Readonly<Record<string, MatrixValue>>}>;

export type WrittenMatrix = Readonly<{
  axes: readonly WrittenAxis[];
  /** Every combination, the last path varying fastest. */
  members: readonly WrittenMember[];
}>;

type Request = Readonly<{
  root: Located;
  id: string;
  kinds: StageKinds;
  /** Which of two places was laid over the other: the file, then the overlays, then the -S arguments. */
  layerOf(origin: Located['origin']): number;
}>;

/** @returns null for a stage without a matrix. */
export function expandMatrix(request: Request): Result<WrittenMatrix, readonly Diagnostic[]> | null {
  const {root, id} = request;
  const stage = entryAt(root, ['stages', id])?.value;
  const matrix = entryAt(root, ['stages', id, 'matrix']);
  if (stage?.kind !== 'map' || matrix === null) return null;
  const shape = check(MATRIX, {root, at: ['stages', id, 'matrix']});
  if (shape.faults.length > 0) return err(shape.faults);
  const axes = axesOf(matrix.value);
  const faults = axes.flatMap((axis) => [
    ...repeatedValues(axis, id),
    ...saidTwice(axis, {...request, stage}),
    ...withinAnother(axis, {axes, id}),
    ...withoutInfluence(axis, {...request, stage}),
  ]);
  const count = axes.reduce((product, {values}) => product * values.length, 1);
  if (count > MOST_MEMBERS) {
    const place = matrix.key ?? locationOf(matrix.value);
    faults.push(
      fault(`stages.${id}.matrix: ${tooMany(count)}`, place, `at most ${MOST_MEMBERS} are allowed`),
    );
  }
  return faults.length > 0 ? err(faults) : ok({axes, members: membersOf(stage, axes)});
}

/** How many members are refused. */
export function tooMany(count: number): string {
  return `it makes ${countOf(count, 'stage')} of one`;
}

function axesOf(matrix: Located): readonly WrittenAxis[] {
  if (matrix.kind !== 'map') throw new Error('Internal error: a matrix that is no map');
  return [...matrix.entries].map(([path, {key, value}]) => {
    if (value.kind !== 'list') throw new Error('Internal error: values that are no list');
    return {path, key, origin: value.origin, values: value.items};
  });
}

function scalarOf(node: Located): MatrixValue {
  if (node.kind !== 'scalar') throw new Error('Internal error: a value of a matrix that is no scalar');
  return node.value;
}

function repeatedValues({path, values}: WrittenAxis, id: string): readonly Diagnostic[] {
  const texts = values.map((value) => valueText(scalarOf(value)));
  return values.flatMap((value, index) => {
    const earlier = values[texts.indexOf(texts[index]!)]!;
    if (earlier === value) return [];
    const diagnostic = complain(value.origin, `stages.${id}.matrix.${path}: ${texts[index]} is listed twice`);
    const first = locationOf(earlier);
    if (first === null || diagnostic.location === null) return [diagnostic];
    return [{...diagnostic, related: [{message: 'first listed here', location: first}]}];
  });
}

/** A parameter that is given as well: unless the matrix was laid over it, that is a mistake. */
function saidTwice(
  axis: WrittenAxis,
  {id, stage, layerOf}: Request & {stage: LocatedMap},
): readonly Diagnostic[] {
  const given = givenAt(stage, axis.path);
  if (given === null || layerOf(given.node.origin) < layerOf(axis.origin)) return [];
  const what = `stages.${id}.matrix varies ${axis.path}, and stages.${id}.params.${given.path} is given too`;
  if (given.node.origin.kind === 'override') {
    const hint = `change the list instead: -S 'stages.${id}.matrix.${axis.path}=[…]'`;
    return [complain(given.node.origin, what, hint)];
  }
  const place = locationOf(given.node);
  const diagnostic = fault(what, axis.key ?? place, 'take one of them out');
  if (place === null || axis.key === null) return [diagnostic];
  return [{...diagnostic, related: [{message: 'given here', location: place}]}];
}

/** What stands at the path, or in its way. */
function givenAt(stage: LocatedMap, path: string): {node: Located; path: string} | null {
  const steps = path.split('.');
  let node = entryAt(stage, ['params'])?.value;
  for (const [index, step] of steps.entries()) {
    if (node?.kind !== 'map') return null;
    node = node.entries.get(step)?.value;
    const isLast = index === steps.length - 1;
    if (node !== undefined && (isLast || node.kind !== 'map'))
      return {node, path: steps.slice(0, index + 1).join('.')};
  }
  return null;
}

function withinAnother(
  axis: WrittenAxis,
  {axes, id}: {axes: readonly WrittenAxis[]; id: string},
): readonly Diagnostic[] {
  const outer = axes.find(({path}) => axis.path.startsWith(`${path}.`));
  if (outer === undefined) return [];
  const message = `stages.${id}.matrix: ${axis.path} is a part of ${outer.path}, which varies too`;
  return [axis.key === null ? complain(axis.origin, message) : fault(message, axis.key)];
}

/** Members that differ by it alone would share one artifact, and the seconds that the first of them took. */
function withoutInfluence(
  axis: WrittenAxis,
  {id, stage, kinds}: Request & {stage: LocatedMap},
): readonly Diagnostic[] {
  const uses = entryAt(stage, ['uses'])?.value;
  const kind = uses?.kind === 'scalar' ? kinds.get(String(uses.value)) : undefined;
  const [param] = axis.path.split('.') as [string, ...string[]];
  if (!kind?.speedOnly.includes(param)) return [];
  const message = `stages.${id}.matrix: ${axis.path} changes no result, so its members would be one and the same`;
  const hint = `take it out of the matrix, and give it in params; measure speeds one by one, with \`pipeline bench train\``;
  return [axis.key === null ? complain(axis.origin, message, hint) : fault(message, axis.key, hint)];
}

function complain(origin: Located['origin'], message: string, hint?: string): Diagnostic {
  if (origin.kind === 'override') return fault(`${origin.argument}: ${message}`, null, hint);
  return fault(message, origin.location, hint);
}

function membersOf(stage: LocatedMap, axes: readonly WrittenAxis[]): readonly WrittenMember[] {
  const entries = new Map(stage.entries);
  entries.delete('matrix');
  let members: readonly WrittenMember[] = [{stage: {...stage, entries}, values: {}}];
  for (const axis of axes) {
    members = members.flatMap((member) =>
      axis.values.map((value) => ({
        stage: placed(member.stage, {steps: ['params', ...axis.path.split('.')], value, key: axis.key}),
        values: {...member.values, [axis.path]: scalarOf(value)},
      })),
    );
  }
  return members;
}

/** The value as if it stood at the path; where no map leads on, one begins. */
function placed(
  map: LocatedMap,
  at: {steps: readonly string[]; value: Located; key: Location | null},
): LocatedMap {
  const {steps, value, key} = at;
  const [step, ...rest] = steps as [string, ...string[]];
  const entries = new Map(map.entries);
  if (rest.length === 0) return {...map, entries: entries.set(step, {key, value})};
  const below = entries.get(step);
  // Parameters that are no map are a fault of their own, and told as such.
  if (step === 'params' && below !== undefined && below.value.kind !== 'map') return map;
  const {origin, folder} = value;
  const next: LocatedMap =
    below?.value.kind === 'map' ? below.value : {kind: 'map', entries: new Map(), origin, folder};
  const placedBelow = placed(next, {steps: rest, value, key});
  return {...map, entries: entries.set(step, {key: below?.key ?? key, value: placedBelow})};
}
