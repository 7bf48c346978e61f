import {readFileSync} from 'node:fs';
import {FOLDS, type Fold} from '../../model/findings.js';
import type {ImageRow} from '../dataset.js';
import {PATIENTS, patientInName} from '../image-name.js';

/** Which published division: the publisher's train_val and test, or the three folds of the CheXNet re-implementations. */
export type PublishedName = 'official' | 'chexnet';

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
      return patient === null ? null : FOLDS[Number(digits[patient - 1])]!;
    },
  };
}

/**
 * Which published division these folds are, whoever made them: every image of the data set is in its published fold. Of
 * the official one, whose train_val everybody divides anew, the test part.
 * @param folds - By row; null where no fold holds it.
 */
export function publishedDivision(
  rows: readonly ImageRow[],
  folds: readonly (Fold | null)[],
): PublishedName | null {
  const chexnet = publishedFolds('chexnet');
  if (rows.every(({image}, row) => folds[row] !== null && folds[row] === chexnet.foldOf(image)))
    return 'chexnet';
  const official = publishedFolds('official');
  const isOfficial = rows.every(({image}, row) => {
    const [fold, published] = [folds[row], official.foldOf(image)];
    return fold !== null && published !== null && (fold === 'test') === (published === 'test');
  });
  return isOfficial ? 'official' : null;
}
