import {resolvedYaml} from '../config/describe.js';
import {EXIT, type ExitCode} from '../model/exit-code.js';
import {loadPipeline} from './load.js';
import type {ConfigOptions} from './options.js';
import {sayFaults} from './say-faults.js';
import type {Shell} from './shell.js';

/** The configuration with defaults, overlays and changes applied, as YAML or JSON. */
export async function configCommand(
  shell: Shell,
  options: ConfigOptions & {file: string; json?: boolean; showOrigin?: boolean},
): Promise<ExitCode> {
  const loaded = loadPipeline(shell, options);
  if (!loaded.ok) {
    sayFaults(shell, loaded.error);
    return EXIT.usage;
  }
  const {config} = loaded.value;
  if (!options.json) {
    shell.print(resolvedYaml(config, {showOrigin: options.showOrigin ?? false}));
    return EXIT.ok;
  }
  const stages = config.stages.map((stage) => ({
    id: stage.id,
    uses: stage.kind.uses,
    params: stage.params,
    slots: stage.slots,
    timeout_ms: stage.timeoutMs,
    retries: stage.retries,
    origins: Object.fromEntries(stage.origins),
  }));
  const {name, file, digest, python, slots} = config;
  const document = {schema: 'pipeline/config/v1', pipeline: name, file, digest, python, slots, stages};
  shell.print(`${JSON.stringify(document, null, 2)}\n`);
  return EXIT.ok;
}
