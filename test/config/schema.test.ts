import assert from 'node:assert/strict';
import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {loadConfig} from '../../pipeline/config/load.js';
import {configSchema, schemaText} from '../../pipeline/config/schema.js';
import {buildGraph, edgeFaults} from '../../pipeline/graph/build.js';
import {isJsonObject, type Json, type JsonObject} from '../../pipeline/model/json.js';
import {stageKinds} from '../../pipeline/stages/index.js';
import {ROOT} from '../rig.js';
import {printed} from './rig.js';

/** Every object below a value that matches, with its path. */
function objectsIn(value: Json, path = ''): readonly Readonly<{path: string; object: JsonObject}>[] {
  if (Array.isArray(value))
    return value.flatMap((item, index) => objectsIn(item as Json, `${path}/${index}`));
  if (!isJsonObject(value)) return [];
  const below = Object.entries(value).flatMap(([key, field]) => objectsIn(field, `${path}/${key}`));
  return [{path, object: value}, ...below];
}

function objectAt(object: JsonObject, key: string): JsonObject {
  const found = object[key];
  assert.ok(isJsonObject(found), key);
  return found;
}

/** The schema of the parameters of each kind, by `uses`. */
function paramsByKind(): ReadonlyMap<string, JsonObject> {
  const found = objectsIn(configSchema(stageKinds)).flatMap(({object}) => {
    const {uses, params: any} = isJsonObject(object['properties']) ? object['properties'] : {};
    // Without a matrix they have to be whole.
    const params = isJsonObject(object['else']) ? objectAt(object['else'], 'properties')['params'] : any;
    return isJsonObject(uses) && isJsonObject(params) ? [[String(uses['const']), params] as const] : [];
  });
  return new Map(found);
}

function namesOf(params: JsonObject): ReadonlySet<string> {
  const variants = [
    params,
    ...['oneOf', 'anyOf'].flatMap((key) => (Array.isArray(params[key]) ? params[key] : [])),
  ] as readonly JsonObject[];
  return new Set(
    variants.flatMap(({properties}) => (isJsonObject(properties) ? Object.keys(properties) : [])),
  );
}

describe('The published schema', () => {
  it('is current: node dist/pipeline/publish-schema.js writes it', () => {
    assert.equal(readFileSync(join(ROOT, 'configs/pipeline.schema.json'), 'utf8'), schemaText(stageKinds));
  });

  it('knows every kind of stage', () => {
    assert.deepEqual([...paramsByKind().keys()], [...stageKinds.keys()]);
  });

  it('asks for no parameter beside a matrix, which may give it', () => {
    const stages = objectsIn(configSchema(stageKinds)).filter(({object}) => 'else' in object);
    assert.ok(stages.length > 0);
    for (const {object} of stages) {
      assert.deepEqual(object['if'], {required: ['matrix']});
      const partial = objectAt(objectAt(objectAt(object, 'then'), 'properties'), 'params');
      assert.deepEqual(
        namesOf(partial),
        namesOf(objectAt(objectAt(objectAt(object, 'else'), 'properties'), 'params')),
      );
      assert.ok(!('required' in partial));
    }
  });

  it('allows no key that it does not name, so that no misspelt one is overlooked', () => {
    for (const {path, object} of objectsIn(configSchema(stageKinds))) {
      if (object['type'] === 'object') assert.notEqual(object['additionalProperties'] ?? true, true, path);
    }
  });
});

describe('A kind of stage', () => {
  it('names only parameters that it has as files, and as what changes nothing but the speed', () => {
    for (const [uses, params] of paramsByKind()) {
      const {paths, speedOnly} = stageKinds.get(uses)!;
      const names = namesOf(params);
      for (const name of [...paths.map(({param}) => param), ...speedOnly])
        assert.ok(names.has(name), `${uses}.${name}`);
    }
  });
});

/** Those that are not whole by themselves, and what they are made for. */
const OVERLAYS: ReadonlyMap<string, string> = new Map([
  ['bench-origin.yaml', 'bench.yaml'],
  ['demo-seeds.yaml', 'demo.yaml'],
  ['download.yaml', 'full.yaml'],
  ['origin-lists.yaml', 'full.yaml'],
]);

describe('Each configuration of the repository', () => {
  for (const name of readdirSync(join(ROOT, 'configs')).filter((file) => file.endsWith('.yaml'))) {
    const base = OVERLAYS.get(name);
    it(`is valid${base === undefined ? ' and names the schema' : ` over ${base}`}: ${name}`, () => {
      const text = readFileSync(join(ROOT, 'configs', name), 'utf8');
      if (base === undefined)
        assert.equal(text.split('\n')[0], '# yaml-language-server: $schema=./pipeline.schema.json');
      const files = base === undefined ? [name] : [base, name];
      const [file, ...overlays] = files.map((one) => `configs/${one}`);
      const request = {file: file!, overlays, sets: [], kinds: stageKinds, environment: {}};
      const config = loadConfig({...request, folder: ROOT, edgeFaults});
      assert.ok(config.ok, config.ok ? '' : printed(config.error, ROOT));
      const graph = buildGraph(config.value);
      assert.ok(graph.ok, graph.ok ? '' : printed(graph.error, ROOT));
    });
  }
});
