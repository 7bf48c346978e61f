import {select} from '../graph/select.js';
import {type Diagnostic, fault} from '../model/diagnostic.js';
import {meantStage, stagesNamed} from '../model/member.js';
import {err, ok, type Result} from '../model/result.js';
import type {StageGraph, StageId} from '../model/stage.js';
import {FORCE_ALL, type SelectOptions} from './options.js';

export type Chosen = Readonly<{selected: ReadonlySet<StageId>; forced: ReadonlySet<StageId>}>;

/** Which stages may run and which must, from the command line. */
export function choose(
  graph: StageGraph,
  options: SelectOptions & {stages: readonly string[]},
): Result<Chosen, readonly Diagnostic[]> {
  const selected = select(graph, options);
  const unknown = options.force
    .filter((name) => name !== FORCE_ALL && stagesNamed(name, graph.keys()).length === 0)
    .map((name) => fault(`--force: there is no stage '${name}'`, null, meantStage(name, graph.keys())));
  if (!selected.ok) return err([...selected.error, ...unknown]);
  if (unknown.length > 0) return err(unknown);
  const all = options.force.includes(FORCE_ALL);
  const named = new Set(options.force.flatMap((name) => stagesNamed(name, graph.keys())));
  const forced = [...selected.value].filter((id) => all || named.has(id));
  return ok({selected: selected.value, forced: new Set(forced)});
}
