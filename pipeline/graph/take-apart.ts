import type {MatrixMember, StageConfig} from '../config/config.js';
import {tooMany} from '../config/matrix.js';
import {MOST_MEMBERS} from '../config/schema.js';
import {type Diagnostic, fault, type Location} from '../model/diagnostic.js';
import {type MatrixValue, memberId, parseMember, sortedByPath, valueText} from '../model/member.js';
import {err, ok, type Result} from '../model/result.js';
import {nearest} from '../model/spelling.js';
import type {Need, Stage, StageGraph, StageId} from '../model/stage.js';
import type {WiredNeed} from './wire.js';

/** A stage as it is written, with its edges. */
export type WiredStage = Omit<StageConfig, 'needs'> & Readonly<{needs: readonly WiredNeed[]}>;

/** A parameter of one stage that varies: for that stage and for all that is made of what it makes. */
type Axis = Readonly<{
  path: string;
  values: readonly MatrixValue[];
  stage: WiredStage;
  location: Location | null;
}>;

/** Which value each axis has. */
type Choice = ReadonlyMap<Axis, MatrixValue>;
type Member = Readonly<{stage: Stage; choice: Choice}>;
type Apart = Readonly<{axes: readonly Axis[]; members: readonly Member[]}>;

/**
 * Every combination of a matrix becomes a stage, and so does what takes from it: each member takes from those members that
 * have the same values. A stage that gathers takes all of them and stays one.
 * @param stages - Each after those that it needs.
 */
export function takeApart(stages: readonly WiredStage[]): Result<StageGraph, readonly Diagnostic[]> {
  const apart = new Map<StageId, Apart>();
  const faults: Diagnostic[] = [];
  for (const stage of stages) {
    // Of what takes from a stage that is at fault, nothing can be said.
    if (stage.needs.some((need) => !apart.has(need.stage))) continue;
    const {axes, fixed, faults: found} = axesOf(stage, apart);
    faults.push(...found);
    if (found.length === 0) apart.set(stage.id, {axes, members: membersOf(stage, {axes, fixed, apart})});
  }
  if (faults.length > 0) return err(faults);
  const graph = new Map(
    [...apart.values()].flatMap(({members}) => members.map(({stage}) => [stage.id, stage])),
  );
  return ok(graph as ReadonlyMap<StageId, Stage> as StageGraph);
}

type Varying = Readonly<{axes: readonly Axis[]; fixed: Choice; faults: readonly Diagnostic[]}>;

/** What a stage varies along: what it varies itself, and what those vary that it takes one thing from. */
function axesOf(stage: WiredStage, apart: ReadonlyMap<StageId, Apart>): Varying {
  const axes = new Set<Axis>();
  const fixed = new Map<Axis, MatrixValue>();
  const faults: Diagnostic[] = [];
  for (const need of stage.needs) {
    const maker = apart.get(need.stage)!;
    const named = namedValues(need, {stage, maker});
    if (!named.ok) faults.push(named.error);
    else if (!takesMany(stage, need)) {
      for (const axis of maker.axes) if (!named.value.has(axis)) axes.add(axis);
      // Whoever takes one member takes all else from what belongs to that member.
      if (stage.kind.work.kind === 'exec') continue;
      for (const [axis, value] of named.value) {
        const isOther = fixed.has(axis) && fixed.get(axis) !== value;
        if (isOther) faults.push(otherMember(stage, need, axis));
        fixed.set(axis, value);
      }
    }
  }
  for (const axis of fixed.keys()) axes.delete(axis);
  for (const {path, values, location} of stage.matrix?.axes ?? []) axes.add({path, values, location, stage});
  const all = [...axes];
  const wrong = faults.length > 0 ? faults : [...sameNames(stage, all), ...limit(stage, all)];
  return {axes: all, fixed, faults: wrong};
}

/** Gathers: takes all that there is of that type. */
function takesMany({kind}: WiredStage, {type}: Need): boolean {
  return kind.inputs.find((input) => input.type === type)?.many === true;
}

/** The values in a name such as `train[seed=1]`, by the axes of the stage that it is a member of. */
function namedValues(
  need: WiredNeed,
  {stage, maker}: {stage: WiredStage; maker: Apart},
): Result<Choice, Diagnostic> {
  if (need.name === undefined) return ok(new Map());
  const {id, location} = need.name;
  const written = parseMember(id)!.values;
  const choice = new Map<Axis, MatrixValue>();
  for (const axis of maker.axes) {
    const value = axis.values.find((one) => valueText(one) === written.get(axis.path));
    if (value !== undefined) choice.set(axis, value);
  }
  if (choice.size === written.size) return ok(choice);
  const ids = maker.members.map((member) => member.stage.id);
  const likely = nearest(id, ids) ?? ids[0];
  const hint =
    maker.axes.length === 0 ? `"${need.stage}" is one stage, without a matrix` : `did you mean "${likely}"?`;
  return err(
    fault(`stages.${stage.id}.needs: there is no stage "${id}"`, location ?? stage.declaredAt, hint),
  );
}

function otherMember(stage: WiredStage, need: WiredNeed, {path}: Axis): Diagnostic {
  const message = `stages.${stage.id}.needs: "${need.name?.id}" has another ${path} than what is named before it`;
  return fault(message, need.name?.location ?? stage.declaredAt, 'name members of the same values');
}

/** Two parameters of the same path, of two stages, could not be told apart in a member's name. */
function sameNames(stage: WiredStage, axes: readonly Axis[]): readonly Diagnostic[] {
  return axes.flatMap((axis, index) => {
    const other = axes.slice(0, index).find(({path}) => path === axis.path);
    if (other === undefined) return [];
    const [one, two] = [other.stage.id, axis.stage.id];
    const own = axis.stage === stage ? axis.location : null;
    const message = `stages.${stage.id}: ${one} and ${two} both vary ${axis.path}, and a member has one name for it`;
    const [member] = axis.values;
    const hint = `take one of them: needs: ['${memberId(one, {[axis.path]: member ?? null})}']`;
    const related = [other, axis].flatMap(({stage: {id}, location}) =>
      location === null || location === own ? [] : [{message: `"${id}" varies it here`, location}],
    );
    return [{...fault(message, own ?? stage.declaredAt, hint), related}];
  });
}

function limit(stage: WiredStage, axes: readonly Axis[]): readonly Diagnostic[] {
  const count = axes.reduce((product, {values}) => product * values.length, 1);
  if (count <= MOST_MEMBERS) return [];
  return [
    fault(`stages.${stage.id}: ${tooMany(count)}`, stage.declaredAt, `at most ${MOST_MEMBERS} are allowed`),
  ];
}

function membersOf(
  stage: WiredStage,
  {axes, fixed, apart}: {axes: readonly Axis[]; fixed: Choice; apart: ReadonlyMap<StageId, Apart>},
): readonly Member[] {
  let choices: readonly Choice[] = [new Map()];
  for (const axis of axes) {
    choices = choices.flatMap((choice) => axis.values.map((value) => new Map(choice).set(axis, value)));
  }
  return choices.map((choice) => {
    const needs = stage.needs.flatMap((need) =>
      takenFrom(need, {stage, choice: new Map([...choice, ...fixed]), maker: apart.get(need.stage)!}),
    );
    // A member that is named, and taken as one of all as well, is one need.
    const distinct = [...new Map(needs.map((need) => [need.stage, need])).values()];
    return {stage: memberStage(stage, {choice, needs: distinct}), choice};
  });
}

function takenFrom(
  need: WiredNeed,
  {stage, choice, maker}: {stage: WiredStage; choice: Choice; maker: Apart},
): readonly Need[] {
  const named = namedValues(need, {stage, maker});
  const wanted = named.ok ? named.value : new Map<Axis, MatrixValue>();
  const all = takesMany(stage, need);
  return maker.members
    .filter((member) =>
      [...member.choice].every(([axis, value]) =>
        wanted.has(axis) ? wanted.get(axis) === value : all || choice.get(axis) === value,
      ),
    )
    .map(({stage: {id}}) => ({stage: id, type: need.type}));
}

function memberStage(
  {matrix, ...stage}: WiredStage,
  {choice, needs}: {choice: Choice; needs: readonly Need[]},
): Stage {
  if (choice.size === 0) return {...stage, needs};
  const chosen = [...choice].map(([{path}, value]) => [path, value] as const);
  const values = Object.fromEntries(sortedByPath(Object.fromEntries(chosen)));
  const own = matrix?.members.find((member) =>
    Object.entries(member.values).every(([path, value]) => values[path] === value),
  );
  return {...stage, ...paramsOf(own), id: memberId(stage.id, values), member: {of: stage.id, values}, needs};
}

function paramsOf(member: MatrixMember | undefined): Partial<Pick<Stage, 'params' | 'files' | 'origins'>> {
  if (member === undefined) return {};
  const {params, files, origins} = member;
  return {params, files, origins};
}
