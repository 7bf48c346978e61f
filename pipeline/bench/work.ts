import {join} from 'node:path';
import type {ArtifactRecord} from '../model/artifact.js';
import type {Diagnostic} from '../model/diagnostic.js';
import {canonicalJson, type Json, type JsonObject} from '../model/json.js';
import {ok, type Result} from '../model/result.js';
import type {ArtifactType} from '../model/stage-kind.js';
import {readCsv} from '../stages/csv.js';
import {digestOf} from '../store/sha256.js';
import type {BenchRecord} from './record.js';

/** An artifact that a training was made of, and its folder (absolute). */
export type Made = Readonly<{record: ArtifactRecord; folder: string}>;

/** Parameters of a training that say how the device is to compute, not what. Two devices may differ in them. */
const SETTINGS = [
  'device',
  'ranks',
  'precision',
  'deterministic',
  'accumulate',
  'compile',
  'sync_batch_norm',
];

/** @param params - All parameters of the training. */
export function settingsOf(params: JsonObject): JsonObject {
  const named = [...SETTINGS, 'threads', 'resident', 'checkpoint_steps', 'report_steps'];
  return Object.fromEntries(named.flatMap((name) => (name in params ? [[name, params[name]!]] : [])));
}

/**
 * Everything that is not the device, and its digest: pixels, order, labels, folds, starting weights and recipe. Digests of
 * whole artifacts are not in it: they also tell of file sizes, which vary with the machine that compressed the pictures.
 */
export function workOf(
  training: ArtifactRecord,
  needs: ReadonlyMap<ArtifactType, Made>,
): Result<BenchRecord['work'], Diagnostic> {
  const {version, params, files} = training.fingerprint.parts;
  const order = orderOf(needOf(needs, 'images'));
  if (!order.ok) return order;
  const parts: JsonObject = {
    version,
    // A preset's values are among the parameters; what they are called changes nothing.
    recipe: without(params, [...SETTINGS, 'preset']),
    pixels: fileOf(needOf(needs, 'images'), 'images.npy'),
    order: order.value,
    folds: fileOf(needOf(needs, 'folds'), 'folds.csv'),
    labels: fileOf(needOf(needs, 'dataset'), 'metadata.csv'),
    weights: {...files, ...(needs.has('weights') ? {fetched: needOf(needs, 'weights').record.output} : {})},
  };
  return ok({digest: digestOf(canonicalJson(parts)), parts});
}

/** Which image each row of pixels is. */
function orderOf({folder}: Made): Result<string, Diagnostic> {
  const table = readCsv(join(folder, 'index.csv'));
  if (!table.ok) return table;
  const place = table.value.header.cells.indexOf('image');
  return ok(digestOf(table.value.rows.map(({cells}) => `${cells[place] ?? ''}\n`).join('')));
}

function needOf(needs: ReadonlyMap<ArtifactType, Made>, type: ArtifactType): Made {
  const made = needs.get(type);
  if (made === undefined) throw new Error(`Internal error: a training without ${type}`);
  return made;
}

function fileOf({record}: Made, path: string): string {
  const file = record.outputs.find((output) => output.path === path);
  if (file === undefined) throw new Error(`Internal error: ${record.id} made no ${path}`);
  return file.sha256;
}

function without(values: JsonObject, names: readonly string[]): Json {
  return Object.fromEntries(Object.entries(values).filter(([name]) => !names.includes(name)));
}
