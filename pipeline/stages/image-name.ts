import type {ArtifactRef} from '../model/stage-kind.js';
import type {ImageRow} from './dataset.js';

/** `00000013_005.png`: the patient's number, then that of the image. */
const IMAGE_NAME = /^(\d{8})_\d{3}\.\w+$/;

/** The patient's number in the name of an image of ChestX-ray14; null of a name of another kind. */
export function patientInName(image: string): number | null {
  const number = IMAGE_NAME.exec(image)?.[1];
  return number === undefined ? null : Number(number);
}

/** Whether any of these images is named as those of ChestX-ray14 are. */
export function areNamedAsChestXray14(rows: readonly Pick<ImageRow, 'image'>[]): boolean {
  return rows.some(({image}) => patientInName(image) !== null);
}

/** Whether the published divisions tell anything of these images. Synthetic ones only have the same names. */
export function isChestXray14(dataset: ArtifactRef, rows: readonly ImageRow[]): boolean {
  return dataset.uses !== 'synthesize' && areNamedAsChestXray14(rows);
}
