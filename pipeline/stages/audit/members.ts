import {join} from 'node:path';
import type {Fold} from '../../model/findings.js';
import type {ArtifactRef} from '../../model/stage-kind.js';
import {readCsv} from '../csv.js';

/** An image in a fold. */
export type Member = Readonly<{image: string; patient: string; fold: Fold}>;

/** The images of folds.csv by name. */
export function readMembers(folds: ArtifactRef): ReadonlyMap<string, Member> {
  const rows = readColumns(join(folds.path, 'folds.csv'), ['image', 'patient', 'fold']);
  return new Map(rows.map(([image, patient, fold]) => [image!, {image, patient, fold} as Member]));
}

/** Name and SHA-256 of each image that the data set has at hand. */
export function readDigests(dataset: ArtifactRef): readonly Readonly<{image: string; sha256: string}>[] {
  const rows = readColumns(join(dataset.path, 'inventory.csv'), ['image', 'sha256']);
  return rows.map(([image, sha256]) => ({image: image!, sha256: sha256!}));
}

/** Of each preprocessed image, in the order of the array: its name, the SHA-256 of its file and its perceptual hash. */
export function readHashes(
  images: ArtifactRef,
): readonly Readonly<{image: string; sha256: string; phash: string}>[] {
  const rows = readColumns(join(images.path, 'index.csv'), ['image', 'sha256', 'phash']);
  return rows.map(([image, sha256, phash]) => ({image: image!, sha256: sha256!, phash: phash!}));
}

/** Files of artifacts are verified by their digest before a stage reads them, so a fault in one is a fault of ours. */
function readColumns(file: string, names: readonly string[]): readonly (readonly string[])[] {
  const table = readCsv(file);
  if (!table.ok) throw new Error(`Internal error: ${file}: ${table.error.message}`);
  const places = names.map((name) => table.value.header.cells.indexOf(name));
  if (places.includes(-1)) throw new Error(`Internal error: ${file} lacks one of ${names.join(', ')}`);
  return table.value.rows.map(({cells}) => places.map((place) => cells[place]!));
}
