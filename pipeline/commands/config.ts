import {commonParams, matrixValues} from '../config/common-params.js';
import type {StageConfig} from '../config/config.js';
import {resolvedYaml} from '../config/describe.js';
import {EXIT, type ExitCode} from '../model/exit-code.js';
import type {JsonObject} from '../model/json.js';
import {memberId} from '../model/member.js';
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
    ...matrixOf(stage),
    params: commonParams(stage),
    slots: stage.slots,
    timeout_ms: stage.timeoutMs,
    retries: stage.retries ?? stage.kind.retries ?? 0,
    origins: Object.fromEntries(stage.origins),
  }));
  const {name, file, digest, python, slots} = config;
  const document = {schema: 'pipeline/config/v1', pipeline: name, file, digest, python, slots, stages};
  shell.print(`${JSON.stringify(document, null, 2)}\n`);
  return EXIT.ok;
}

/** With a matrix: the lists, and each member's parameters; `params` beside it are those that all have in common. */
function matrixOf({id, matrix}: StageConfig): JsonObject {
  if (matrix === null) return {};
  const members = matrix.members.map(({values, params, origins}) => ({
    id: memberId(id, values),
    ...{values, params},
    origins: JSON.parse(JSON.stringify(Object.fromEntries(origins))) as JsonObject,
  }));
  return {matrix: matrixValues(matrix), members};
}
