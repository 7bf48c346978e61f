import type {PipelineConfig, StageConfig} from '../config/config.js';
import type {Diagnostic} from '../model/diagnostic.js';
import {err, type Result} from '../model/result.js';
import type {StageGraph, StageId} from '../model/stage.js';
import {findCycles} from './cycle.js';
import {takeApart, type WiredStage} from './take-apart.js';
import {type Known, wire} from './wire.js';

/** Draws the edges, and takes matrices apart along them. Every fault in them comes back at once, each at the stage or the name that causes it. */
export function buildGraph(config: PipelineConfig): Result<StageGraph, readonly Diagnostic[]> {
  const {stages, faults} = drawEdges({stages: config.stages, broken: []});
  return faults.length > 0 ? err(faults) : takeApart(inTopologicalOrder(stages));
}

/** What is wrong with the edges of a configuration in which some stages are broken, as far as it can be told. */
export function edgeFaults(known: Known): readonly Diagnostic[] {
  return drawEdges(known).faults;
}

function drawEdges(known: Known): {stages: readonly WiredStage[]; faults: readonly Diagnostic[]} {
  const wired = known.stages.map((stage) => ({stage, wiring: wire(stage, known)}));
  const stages = wired.map(({stage, wiring}): WiredStage => ({...stage, needs: wiring.needs}));
  const declared = new Map(known.stages.map((stage): [StageId, StageConfig] => [stage.id, stage]));
  return {stages, faults: [...wired.flatMap(({wiring}) => wiring.faults), ...findCycles(stages, declared)]};
}

/** Of the stages that could come next always the one that is declared first: the order of the file, where it can be. */
function inTopologicalOrder(stages: readonly WiredStage[]): readonly WiredStage[] {
  const ordered = new Map<StageId, WiredStage>();
  while (ordered.size < stages.length) {
    const next = stages.find(
      ({id, needs}) => !ordered.has(id) && needs.every((need) => ordered.has(need.stage)),
    );
    if (next === undefined) throw new Error('Internal error: a cycle that was not found');
    ordered.set(next.id, next);
  }
  return [...ordered.values()];
}
