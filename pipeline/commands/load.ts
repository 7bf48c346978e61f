import type {PipelineConfig} from '../config/config.js';
import {loadConfig} from '../config/load.js';
import {buildGraph, edgeFaults} from '../graph/build.js';
import type {Diagnostic} from '../model/diagnostic.js';
import {err, ok, type Result} from '../model/result.js';
import type {StageGraph} from '../model/stage.js';
import {stageKinds} from '../stages/index.js';
import type {ConfigOptions} from './options.js';
import type {Shell} from './shell.js';

export type Loaded = Readonly<{config: PipelineConfig; graph: StageGraph}>;

/** Configuration and graph, or every fault of both. */
export function loadPipeline(
  shell: Shell,
  request: ConfigOptions & {file: string},
): Result<Loaded, readonly Diagnostic[]> {
  const config = loadConfig({
    file: request.file,
    overlays: request.config,
    sets: request.set,
    kinds: stageKinds,
    environment: shell.environment,
    folder: shell.folder,
    edgeFaults,
  });
  if (!config.ok) return config;
  const graph = buildGraph(config.value);
  return graph.ok ? ok({config: config.value, graph: graph.value}) : err(graph.error);
}
