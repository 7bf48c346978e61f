import {missingFiles} from '../config/missing.js';
import {EXIT, type ExitCode} from '../model/exit-code.js';
import {countOf} from '../model/words.js';
import {loadPipeline} from './load.js';
import type {ConfigOptions} from './options.js';
import {sayFaults} from './say-faults.js';
import type {Shell} from './shell.js';

/** Every fault of a configuration. Data that are not there yet are warned about: `run` would refuse. */
export async function validateCommand(
  shell: Shell,
  options: ConfigOptions & {file: string; json?: boolean},
): Promise<ExitCode> {
  const loaded = loadPipeline(shell, options);
  const faults = loaded.ok ? [] : loaded.error;
  const warnings = loaded.ok
    ? missingFiles({stages: loaded.value.graph.values()}).map((fault) => ({
        ...fault,
        severity: 'warning' as const,
      }))
    : [];
  if (options.json) {
    const document = {
      schema: 'pipeline/validate/v1',
      valid: loaded.ok,
      diagnostics: [...faults, ...warnings],
    };
    shell.print(`${JSON.stringify(document, null, 2)}\n`);
  } else {
    if (faults.length + warnings.length > 0) sayFaults(shell, [...faults, ...warnings]);
    if (loaded.ok) {
      const {config, graph} = loaded.value;
      shell.print(`${config.file}: ${config.name}, ${countOf(graph.size, 'stage')}, valid\n`);
    }
  }
  return loaded.ok ? EXIT.ok : EXIT.usage;
}
