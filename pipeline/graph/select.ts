import {type Diagnostic, fault} from '../model/diagnostic.js';
import {meantStage, stagesNamed} from '../model/member.js';
import {err, ok, type Result} from '../model/result.js';
import type {StageGraph, StageId} from '../model/stage.js';

/** As on the command line: stages, or a matrix's members by their names, or all of them by the stage's. */
export type Selection = Readonly<{
  /** Positional: they and what they need. */
  stages: readonly string[];
  /** Exactly they. */
  only: readonly string[];
  /** They and all that depend on them. */
  from: readonly string[];
  /** They and what they need. */
  until: readonly string[];
  /** Neither they nor what depends on them. */
  skip: readonly string[];
}>;

/**
 * The stages that may run; of the others only the results are looked up. A beginning (`from`) and an end (`until`,
 * positional) together mean what lies between; `only` adds to that, `skip` takes away in the end.
 */
export function select(
  graph: StageGraph,
  {stages, only, from, until, skip}: Selection,
): Result<ReadonlySet<StageId>, readonly Diagnostic[]> {
  const unknown = unknownNames(graph, {
    '': stages,
    '--only ': only,
    '--from ': from,
    '--until ': until,
    '--skip ': skip,
  });
  if (unknown.length > 0) return err(unknown);
  const ids = (names: readonly string[]) => names.flatMap((name) => stagesNamed(name, graph.keys()));
  const ends = ids([...stages, ...until]);
  const before = ends.length > 0 ? withNeeds(graph, ends) : null;
  const after = from.length > 0 ? withDependents(graph, ids(from)) : null;
  const everything = only.length > 0 ? new Set<StageId>() : new Set(graph.keys());
  const between = [...(before ?? after ?? everything)].filter((id) => after === null || after.has(id));
  const skipped = withDependents(graph, ids(skip));
  const chosen = new Set([...between, ...ids(only)].filter((id) => !skipped.has(id)));
  if (chosen.size === 0)
    return err([fault('no stage is left to run', null, 'what was chosen excludes one another')]);
  return ok(new Set([...graph.keys()].filter((id) => chosen.has(id))));
}

function unknownNames(
  graph: StageGraph,
  chosen: Readonly<Record<string, readonly string[]>>,
): readonly Diagnostic[] {
  return Object.entries(chosen).flatMap(([option, names]) =>
    names
      .filter((name) => stagesNamed(name, graph.keys()).length === 0)
      .map((name) => fault(`${option}${name}: there is no such stage`, null, meantStage(name, graph.keys()))),
  );
}

/** The stages and, transitively, what they need. */
function withNeeds(graph: StageGraph, ids: readonly StageId[]): ReadonlySet<StageId> {
  const found = new Set(ids);
  for (const stage of [...graph.values()].reverse()) {
    if (found.has(stage.id)) for (const need of stage.needs) found.add(need.stage);
  }
  return found;
}

/** The stages and, transitively, what needs them. */
function withDependents(graph: StageGraph, ids: readonly StageId[]): ReadonlySet<StageId> {
  const found = new Set(ids);
  for (const {id, needs} of graph.values()) if (needs.some((need) => found.has(need.stage))) found.add(id);
  return found;
}
