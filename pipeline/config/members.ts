import type {Diagnostic} from '../model/diagnostic.js';
import {memberId} from '../model/member.js';
import {err, ok, type Result} from '../model/result.js';
import type {MatrixMember} from './config.js';
import {check} from './faults.js';
import type {Environment} from './interpolate.js';
import {entryAt, type Located, type LocatedMap} from './located.js';
import {expandMatrix, type WrittenMatrix, type WrittenMember} from './matrix.js';
import {withPreset} from './preset.js';
import {STAGE_OF_NO_KIND, type StageKinds, type stageSchema} from './schema.js';
import {type CheckedStage, checkStage} from './stage.js';

type Request = Readonly<{
  id: string;
  root: LocatedMap;
  kinds: StageKinds;
  schema: ReturnType<typeof stageSchema>;
  environment: Environment;
  layerOf(origin: Located['origin']): number;
}>;

/** Checks one stage, or every member that its matrix makes of it, with their presets filled in. */
export function checkMembers(request: Request): Result<CheckedStage, readonly Diagnostic[]> {
  const {root, id} = request;
  const matrix = expandMatrix(request);
  if (matrix === null) return checkOne(entryAt(root, ['stages', id])!.value, request);
  if (!matrix.ok) return err([...matrix.error, ...besideParams(request)]);
  const checked = matrix.value.members.map((member) => ({member, result: checkOne(member.stage, request)}));
  const faults = mergedFaults(checked, id);
  if (faults.length > 0) return err(faults);
  const stages = checked.flatMap(({member, result}) => (result.ok ? [{member, stage: result.value}] : []));
  return ok(joined(matrix.value, stages));
}

function checkOne(stage: Located, request: Request): Result<CheckedStage, readonly Diagnostic[]> {
  const root = withStage(request, withPreset(stage, request.kinds));
  return checkStage({...request, root});
}

function withStage({root, id}: Request, value: Located): LocatedMap {
  const stages = entryAt(root, ['stages'])!;
  if (stages.value.kind !== 'map') throw new Error('Internal error: stages that are no map');
  const entries = new Map(stages.value.entries).set(id, {...stages.value.entries.get(id)!, value});
  return {
    ...root,
    entries: new Map(root.entries).set('stages', {...stages, value: {...stages.value, entries}}),
  };
}

/** With a matrix that cannot be used, nothing can be said of the parameters. */
function besideParams(request: Request): readonly Diagnostic[] {
  const stage = entryAt(request.root, ['stages', request.id])!.value;
  if (stage.kind !== 'map') throw new Error('Internal error: a stage that is no map has no matrix');
  const entries = new Map([...stage.entries].filter(([key]) => key !== 'matrix'));
  const root = withStage(request, {...stage, entries});
  return check(STAGE_OF_NO_KIND, {root, at: ['stages', request.id]}).faults;
}

type CheckedMember = Readonly<{
  member: WrittenMember;
  result: Result<CheckedStage, readonly Diagnostic[]>;
}>;

/** What is wrong in many members is told once; what is wrong in some of them, with the name of the first. */
function mergedFaults(checked: readonly CheckedMember[], id: string): readonly Diagnostic[] {
  const found = new Map<string, {fault: Diagnostic; first: WrittenMember; count: number}>();
  for (const {member, result} of checked) {
    for (const fault of result.ok ? [] : result.error) {
      const key = JSON.stringify([fault.location, fault.message]);
      const earlier = found.get(key);
      found.set(key, {fault, first: earlier?.first ?? member, count: (earlier?.count ?? 0) + 1});
    }
  }
  return [...found.values()].map(({fault, first, count}) => {
    if (count === checked.length) return fault;
    return {...fault, message: fault.message.replace(`stages.${id}`, `stages.${memberId(id, first.values)}`)};
  });
}

function joined(
  {axes}: WrittenMatrix,
  stages: readonly Readonly<{member: WrittenMember; stage: CheckedStage}>[],
): CheckedStage {
  const [first] = stages;
  if (first === undefined) throw new Error('Internal error: a matrix without a member');
  const members = stages.map(({member: {values}, stage: {config}}): MatrixMember => {
    const {params, files, origins} = config;
    return {values, params, files, origins};
  });
  const {config, written} = first.stage;
  const matrix = {
    axes: axes.map(({path, key, origin, values}) => ({
      path,
      values: values.map((value) => (value.kind === 'scalar' ? value.value : null)),
      origin,
      location: key,
    })),
    members,
  };
  const all = Object.fromEntries(
    stages.map(({member, stage}) => [memberId(config.id, member.values), stage.written['params'] ?? {}]),
  );
  return {config: {...config, matrix}, written: {...written, params: all}};
}
