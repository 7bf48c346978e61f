import {drawGraph} from '../graph/draw.js';
import {EXIT, type ExitCode} from '../model/exit-code.js';
import {loadPipeline} from './load.js';
import type {ConfigOptions} from './options.js';
import {sayFaults} from './say-faults.js';
import type {Shell} from './shell.js';

/** The graph of stages, as text, Mermaid or JSON. */
export async function dagCommand(
  shell: Shell,
  options: ConfigOptions & {file: string; json?: boolean; format: 'text' | 'mermaid'},
): Promise<ExitCode> {
  const loaded = loadPipeline(shell, options);
  if (!loaded.ok) {
    sayFaults(shell, loaded.error);
    return EXIT.usage;
  }
  const {config, graph} = loaded.value;
  if (options.json) {
    const stages = [...graph.values()].map(({id, kind, needs}) => ({
      id,
      uses: kind.uses,
      makes: kind.output,
      needs,
    }));
    shell.print(`${JSON.stringify({schema: 'pipeline/dag/v1', pipeline: config.name, stages}, null, 2)}\n`);
  } else {
    shell.print(drawGraph(graph, options.format));
  }
  return EXIT.ok;
}
