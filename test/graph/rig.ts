import assert from 'node:assert/strict';
import {buildGraph} from '../../pipeline/graph/build.js';
import type {StageGraph} from '../../pipeline/model/stage.js';
import {only, printed, type Request, withLoaded} from '../config/rig.js';

/** The graph of a configuration that has no fault. */
export function graphOf(stages: string, request: Omit<Request, 'files'> = {}): StageGraph {
  return withLoaded({...only(`pipeline: test\nstages:\n${stages}`), ...request}, (config, folder) => {
    assert.ok(config.ok, config.ok ? '' : printed(config.error, folder));
    const graph = buildGraph(config.value);
    assert.ok(graph.ok, graph.ok ? '' : printed(graph.error, folder));
    return graph.value;
  });
}

/** What a user reads about edges that cannot be drawn. */
export function complaintsAboutEdges(stages: string, request: Omit<Request, 'files'> = {}): string {
  return withLoaded({...only(`pipeline: test\nstages:\n${stages}`), ...request}, (config, folder) => {
    assert.ok(config.ok, config.ok ? '' : printed(config.error, folder));
    const graph = buildGraph(config.value);
    return graph.ok ? 'no complaints\n' : printed(graph.error, folder);
  });
}

/** `train: dataset from data, folds from split` */
export function edgesOf(graph: StageGraph): readonly string[] {
  return [...graph.values()].map(
    ({id, needs}) => `${id}: ${needs.map(({stage, type}) => `${type} from ${stage}`).join(', ')}`,
  );
}

export const CHAIN = `  data: {uses: synthesize}
  split: {uses: split}
  preprocess: {uses: preprocess}
  train: {uses: train, params: {epochs: 1}}
  report: {uses: report}
`;
