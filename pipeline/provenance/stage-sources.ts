import {existsSync, readdirSync, statSync} from 'node:fs';
import {join} from 'node:path';
import type {Digest} from '../model/stage.js';
import type {StageKind} from '../model/stage-kind.js';
import {digestOfSmallFile} from '../store/sha256.js';

/**
 * Where each kind's result is computed, relative to the program's root. Recorded beside the fingerprint, not in it: a
 * long training does not run again because a log line changed. test/stages/versions.test.ts asks whoever changes
 * one of them whether the kind's version must rise.
 */
export const STAGE_SOURCES: Readonly<Record<string, readonly string[]>> = {
  synthesize: ['synthesize', 'csv.ts', 'dataset.ts', 'data-card.ts', 'random.ts'].map(inStages),
  download: ['download', 'csv.ts'].map(inStages),
  acquire: [
    'acquire',
    'archives',
    'csv.ts',
    'dataset.ts',
    'data-card.ts',
    'file-name.ts',
    'png-header.ts',
  ].map(inStages),
  split: ['split', 'audit/document.ts', 'csv.ts', 'dataset.ts', 'random.ts'].map(inStages),
  audit: ['audit', 'csv.ts'].map(inStages),
  preprocess: [
    ...['preprocess', 'archives', 'csv.ts', 'dataset.ts', 'file-name.ts', 'png-header.ts'].map(inStages),
    'py/chexnet/stages/dicom',
  ],
  'data-card': [
    ...['data-card-page', 'report', 'csv.ts', 'dataset.ts', 'random.ts'].map(inStages),
    'reports',
  ],
  weights: ['weights', 'download', 'csv.ts'].map(inStages),
  train: [
    'pipeline/stages/train.ts',
    'pipeline/stages/train-presets.ts',
    'pipeline/stages/train-recipe.ts',
    'pipeline/stages/torch-cache.ts',
    'py/chexnet/training',
    'py/chexnet/accelerators',
  ],
  predict: ['pipeline/stages/predict.ts', 'py/chexnet/training', 'py/chexnet/accelerators'],
  evaluate: ['pipeline/stages/evaluate.ts', 'py/chexnet/stages/evaluate.py', 'py/chexnet/evaluation'],
  report: [...['report', 'csv.ts', 'dataset.ts', 'random.ts'].map(inStages), 'reports'],
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
