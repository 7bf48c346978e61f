import {existsSync, readdirSync, statSync} from 'node:fs';
import {join} from 'node:path';
import type {Digest} from '../model/stage.js';
import type {StageKind} from '../model/stage-kind.js';
import {digestOfSmallFile} from '../store/sha256.js';

/** What gathers the facts of pages. */
const OF_PAGES = ['report', 'csv.ts', 'dataset.ts', 'data-card.ts', 'preprocess/npy.ts', 'random.ts'];

/**
 * Where each kind's result is computed, relative to the program's root. Recorded beside the fingerprint, not in it: a
 * long training does not run again because a log line changed. test/stages/versions.test.ts follows their imports, so that
 * none is missing here, and asks whoever changes one of them whether the kind's version must rise. Left out are
 * pipeline/model, which all of the program shares, and of Python what carries messages.
 */
export const STAGE_SOURCES: Readonly<Record<string, readonly string[]>> = {
  synthesize: [
    ...['synthesize', 'csv.ts', 'dataset.ts', 'data-card.ts', 'pace.ts', 'png-header.ts', 'random.ts'],
    'worker-pool.ts',
  ].map(inStages),
  download: ['download', 'csv.ts', 'pace.ts'].map(inStages),
  acquire: [
    ...['acquire', 'archives', 'csv.ts', 'dataset.ts', 'data-card.ts', 'fault-list.ts', 'file-name.ts'],
    ...['image-name.ts', 'link-or-copy.ts', 'pace.ts', 'png-header.ts'],
  ].map(inStages),
  split: [
    ...['split', 'audit/document.ts', 'csv.ts', 'dataset.ts', 'data-card.ts', 'fault-list.ts'],
    ...['file-name.ts', 'image-name.ts', 'random.ts'],
  ].map(inStages),
  audit: ['audit', 'csv.ts', 'pace.ts', 'preprocess/npy.ts'].map(inStages),
  preprocess: [
    ...['preprocess', 'archives', 'csv.ts', 'dataset.ts', 'file-name.ts', 'pace.ts'].map(inStages),
    ...['link-or-copy.ts', 'png-header.ts', 'worker-pool.ts'].map(inStages),
    'py/chexnet/stages/dicom',
  ],
  'data-card': [...['data-card-page', ...OF_PAGES].map(inStages), 'reports'],
  weights: ['weights', 'download', 'csv.ts', 'pace.ts'].map(inStages),
  train: [
    ...['train.ts', 'train-presets.ts', 'train-recipe.ts', 'torch-cache.ts', 'job-params.ts'].map(inStages),
    ...['weights/params.ts', 'download/params.ts', 'download/places.ts'].map(inStages),
    'py/chexnet/training',
    'py/chexnet/accelerators',
  ],
  predict: [
    ...['predict.ts', 'job-params.ts'].map(inStages),
    'py/chexnet/training',
    'py/chexnet/accelerators',
  ],
  evaluate: ['pipeline/stages/evaluate.ts', 'py/chexnet/stages/evaluate.py', 'py/chexnet/evaluation'],
  report: [...OF_PAGES.map(inStages), 'reports'],
  leaderboard: ['leaderboard', 'csv.ts'].map(inStages),
  exec: ['pipeline/stages/exec.ts', 'pipeline/execute/exec.ts'],
};

function inStages(name: string): string {
  return `pipeline/stages/${name}`;
}

/** @returns SHA-256 of each source file by its path relative to the root; files that are not shipped are left out. */
export async function sourcesOf(kind: StageKind, root: string): Promise<Readonly<Record<string, Digest>>> {
  const listed = STAGE_SOURCES[kind.uses];
  if (listed === undefined) throw new Error(`Internal error: no sources are listed for ${kind.uses}`);
  const files = listed.flatMap((path) => filesBelow(root, path)).sort();
  return Object.fromEntries(files.map((path) => [path, digestOfSmallFile(join(root, path))]));
}

function filesBelow(root: string, path: string): readonly string[] {
  const full = join(root, path);
  if (!existsSync(full)) return [];
  if (!statSync(full).isDirectory()) return [path];
  return readdirSync(full)
    .filter((name) => !name.startsWith('.') && name !== '__pycache__')
    .flatMap((name) => filesBelow(root, `${path}/${name}`));
}
