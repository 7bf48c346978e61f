import {isJsonObject, type Json, type JsonObject} from '../model/json.js';

/**
 * The JSON Schema of a stage, for editors: beside a matrix parameters need not be whole, since it gives the rest. What they
 * are then, the members tell when the configuration is read.
 */
export function besideMatrix(stage: JsonObject): JsonObject {
  const {properties, ...rest} = stage;
  if (properties === undefined || !isJsonObject(properties)) return stage;
  const {matrix, params} = properties;
  if (matrix === undefined || params === undefined) return stage;
  const partial = loosened(params);
  if (JSON.stringify(partial) === JSON.stringify(params)) return stage;
  return {
    ...rest,
    properties: {...properties, params: {description: 'What the stage takes.'}},
    if: {required: ['matrix']},
    // biome-ignore lint/suspicious/noThenProperty: JSON Schema calls it so
    then: {properties: {params: partial}},
    else: {properties: {params}},
  };
}

/** The same keys and values, none of them required; of the kinds of a thing any may fit. */
function loosened(schema: Json): Json {
  if (!isJsonObject(schema)) return schema;
  const fields = Object.entries(schema).flatMap(([key, value]): [string, Json][] => {
    if (key === 'required' || (key === 'anyOf' && isAboutKeys(value))) return [];
    if (key === 'properties' && isJsonObject(value)) {
      return [[key, Object.fromEntries(Object.entries(value).map(([name, one]) => [name, loosened(one)]))]];
    }
    if ((key === 'oneOf' || key === 'anyOf') && Array.isArray(value)) return [['anyOf', value.map(loosened)]];
    return [[key, value]];
  });
  return Object.fromEntries(fields);
}

function isAboutKeys(branches: Json): boolean {
  const isRequired = (branch: Json) =>
    isJsonObject(branch) && Object.keys(branch).every((key) => key === 'required');
  return Array.isArray(branches) && branches.every(isRequired);
}
