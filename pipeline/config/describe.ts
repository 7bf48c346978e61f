import {isJsonObject, type Json, type JsonObject} from '../model/json.js';
import type {Origin, StageId} from '../model/stage.js';
import {commonParams, matrixValues} from './common-params.js';
import type {PipelineConfig, StageConfig} from './config.js';
import {writeYaml} from './source.js';

/**
 * The whole configuration with defaults filled in and paths absolute: YAML that runs the same from any folder. Passwords
 * in addresses are left out: it is kept with each run and printed in its report.
 */
export function resolvedYaml(config: PipelineConfig, {showOrigin}: {showOrigin: boolean}): string {
  const stages = new Map(config.stages.map((stage) => [String(stage.id), stage]));
  return writeYaml(withoutPasswords(resolvedValues(config)) as JsonObject, (path) => {
    const [top, id, section, ...below] = path;
    const stage = top === 'stages' && id !== undefined ? stages.get(id) : undefined;
    if (!showOrigin || stage === undefined) return null;
    if (section === undefined) return spot(stage.declaredAt);
    const axis = stage.matrix?.axes.find((one) => section === 'matrix' && one.path === below[0]);
    if (axis !== undefined) return describeOrigin(axis.origin);
    return section === 'params' && below.length > 0 ? describeOrigin(originOf(stage, below.join('.'))) : null;
  });
}

function resolvedValues({name, python, slots, stages}: PipelineConfig): JsonObject {
  return {
    pipeline: name,
    ...(python === null ? {} : {python}),
    ...(Object.keys(slots).length === 0 ? {} : {slots}),
    stages: Object.fromEntries(stages.map((stage): [StageId, Json] => [stage.id, stageValues(stage)])),
  };
}

function stageValues(stage: StageConfig): JsonObject {
  const {kind, needs, matrix, slots, timeoutMs, retries} = stage;
  return {
    uses: kind.uses,
    ...(needs === null ? {} : {needs: needs.map(({id}) => id)}),
    ...(matrix === null ? {} : {matrix: matrixValues(matrix)}),
    params: commonParams(stage),
    ...(Object.keys(slots).length === 0 ? {} : {slots}),
    ...(timeoutMs === null ? {} : {timeout: timeoutMs / 1000}),
    ...(retries === null ? {} : {retries}),
  };
}

function withoutPasswords(value: Json): Json {
  if (typeof value === 'string') return value.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, '$1***@');
  if (isJsonObject(value))
    return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, withoutPasswords(field)]));
  if (value !== null && typeof value === 'object') return value.map((item: Json) => withoutPasswords(item));
  return value;
}

/** Where a parameter's value came from; a path that is not recorded came with its nearest parent. */
export function originOf(stage: Pick<StageConfig, 'origins'>, path: string): Origin {
  for (let end = path.length; end > 0; end = path.lastIndexOf('.', end - 1)) {
    const origin = stage.origins.get(path.slice(0, end));
    if (origin !== undefined) return origin;
  }
  return {kind: 'default'};
}

/** In a few words: `demo.yaml:41`, `RANKS in demo.yaml:33`, `-S train.epochs=5`, `default`. */
export function describeOrigin(origin: Origin): string {
  if (origin.kind === 'file') return spot(origin.location);
  if (origin.kind === 'environment') return `${origin.variable} in ${spot(origin.location)}`;
  return origin.kind === 'override' ? origin.argument : 'default';
}

function spot({file, line}: {file: string; line: number}): string {
  return `${file}:${line}`;
}
