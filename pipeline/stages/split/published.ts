import {readFileSync} from 'node:fs';
import {FOLDS, type Fold} from '../../model/findings.js';
import {patientInName} from '../image-name.js';

/** Which published division: the publisher's train_val and test, or the three folds of the CheXNet re-implementations. */
export type PublishedName = 'official' | 'chexnet';

/** Patients of ChestX-ray14, numbered from 1. */
const PATIENTS = 30_805;

/** The fold of an image of ChestX-ray14 by its name, null of any other. The official train_val counts as `train`. */
export type PublishedFolds = Readonly<{foldOf(image: string): Fold | null}>;

/** Reads one of the tables in pipeline/stages/split/published; this file runs from dist/pipeline/stages/split. */
export function publishedFolds(name: PublishedName): PublishedFolds {
  const file = new URL(`../../../../pipeline/stages/split/published/${name}.txt`, import.meta.url);
  const lines = readFileSync(file, 'utf8').split('\n');
  const digits = lines.filter((line) => !line.startsWith('#')).join('');
  if (digits.length !== PATIENTS) {
    throw new Error(`Internal error: ${file.pathname} tells of ${digits.length} patients, not ${PATIENTS}`);
  }
  return {
    foldOf: (image) => {
      const patient = patientInName(image);
      return patient === null ? null : (FOLDS[Number(digits[patient - 1])] ?? null);
    },
  };
}
