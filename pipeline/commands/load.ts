import {readFileSync} from 'node:fs';
import {resolve} from 'node:path';
import type {PipelineConfig} from '../config/config.js';
import {loadConfig} from '../config/load.js';
import {buildGraph, edgeFaults} from '../graph/build.js';
import type {Diagnostic} from '../model/diagnostic.js';
import {err, ok, type Result} from '../model/result.js';
import type {StageGraph} from '../model/stage.js';
import {printDiagnostics} from '../show/diagnostic.js';
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

/** Prints faults for people, each with its source line; with --json also as the document on stdout. */
export function sayFaults(shell: Shell, faults: readonly Diagnostic[]): void {
  if (shell.json) {
    const document = {schema: 'pipeline/error/v1', diagnostics: faults};
    shell.print(`${JSON.stringify(document, null, 2)}\n`);
  }
  const readText = (file: string): string | null => readSource(shell, file);
  shell.say(printDiagnostics(faults, {color: shell.terminal.color, readText}));
}

/** The text of a file that a fault is in; null when it cannot be read. */
export function readSource(shell: Shell, file: string): string | null {
  try {
    return readFileSync(resolve(shell.folder, file), 'utf8');
  } catch {
    return null;
  }
}
