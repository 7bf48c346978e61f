import {select} from '../graph/select.js';
import {type Diagnostic, fault} from '../model/diagnostic.js';
import {err, ok, type Result} from '../model/result.js';
import {didYouMean} from '../model/spelling.js';
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
    .filter((name) => name !== FORCE_ALL && !graph.has(name as StageId))
    .map((name) => fault(`--force: there is no stage '${name}'`, null, didYouMean(name, graph.keys())));
  if (!selected.ok) return err([...selected.error, ...unknown]);
  if (unknown.length > 0) return err(unknown);
  const all = options.force.includes(FORCE_ALL);
  const forced = [...selected.value].filter((id) => all || options.force.includes(id));
  return ok({selected: selected.value, forced: new Set(forced)});
}
