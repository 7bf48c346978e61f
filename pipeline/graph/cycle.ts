import type {StageConfig} from '../config/config.js';
import {type Diagnostic, fault} from '../model/diagnostic.js';
import {baseOf} from '../model/member.js';
import type {Stage, StageId} from '../model/stage.js';

/** Each stage is told as part of one cycle at most: breaking that one may break the others. */
export function findCycles(
  stages: readonly Pick<Stage, 'id' | 'needs'>[],
  declared: ReadonlyMap<StageId, StageConfig>,
): readonly Diagnostic[] {
  const byId = new Map(stages.map((stage) => [stage.id, stage]));
  const visited = new Set<StageId>();
  const told = new Set<StageId>();
  const faults: Diagnostic[] = [];
  const visit = (id: StageId, trail: readonly StageId[]): void => {
    const start = trail.indexOf(id);
    const cycle = start === -1 ? [] : trail.slice(start);
    if (cycle.length > 0 && !cycle.some((member) => told.has(member))) {
      faults.push(describeCycle([...cycle, id], declared));
      for (const member of cycle) told.add(member);
    }
    if (visited.has(id)) return;
    visited.add(id);
    for (const need of byId.get(id)!.needs) visit(need.stage, [...trail, id]);
  };
  for (const {id} of stages) visit(id, []);
  return faults;
}

/** @param cycle - Each stage needs the next; the last is the first. */
function describeCycle(cycle: readonly StageId[], declared: ReadonlyMap<StageId, StageConfig>): Diagnostic {
  const where = (from: StageId, to: StageId) => {
    const stage = declared.get(from)!;
    return stage.needs?.find(({id}) => baseOf(id) === to)?.location ?? stage.declaredAt;
  };
  const edges = cycle.slice(0, -1).map((from, index) => ({from, to: cycle[index + 1]!}));
  const [first, ...rest] = edges;
  if (first === undefined) throw new Error('Internal error: a cycle without an edge');
  return {
    ...fault(
      `stages need one another: ${cycle.join(' → ')}`,
      where(first.from, first.to),
      'take one of these names out of its needs',
    ),
    related: rest.map(({from, to}) => ({message: `"${from}" needs "${to}"`, location: where(from, to)})),
  };
}
