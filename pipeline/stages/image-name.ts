import type {ArtifactRef} from '../model/stage-kind.js';
import type {ImageRow} from './dataset.js';

/** `00000013_005.png`: the patient's number, then that of the image. */
const IMAGE_NAME = /^\d{8}_\d{3}\.\w+$/;

/** Patients of ChestX-ray14, numbered from 1. */
export const PATIENTS = 30_805;

/** The patient's number in the name of an image of ChestX-ray14; null of a name of another kind. */
export function patientInName(image: string): number | null {
  if (!IMAGE_NAME.test(image)) return null;
  const number = Number(image.slice(0, 8));
  return number >= 1 && number <= PATIENTS ? number : null;
}

/** Whether most of these images are named as those of ChestX-ray14 are: a few names may be so by chance. */
export function areNamedAsChestXray14(rows: readonly Pick<ImageRow, 'image'>[]): boolean {
  const named = rows.reduce((count, {image}) => count + (patientInName(image) === null ? 0 : 1), 0);
  return 2 * named > rows.length;
}

/** Whether the published divisions tell anything of these images. Synthetic ones only have the same names. */
export function isChestXray14(dataset: ArtifactRef, rows: readonly ImageRow[]): boolean {
  return dataset.uses !== 'synthesize' && areNamedAsChestXray14(rows);
}
