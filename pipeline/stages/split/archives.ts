import type {Fold} from '../../model/findings.js';
import type {ImageRow} from '../dataset.js';
import {LAST_IMAGES} from './archive-boundary.js';

/**
 * The images of the first archives are train; of the patients behind them the first few are val and the next few test.
 * A patient that an archive's end cuts through is in train as far as the archive goes; his other images are in no fold.
 * @returns The fold of each row; null for the many images that no fold holds.
 */
export function foldsOfArchives(
  rows: readonly Pick<ImageRow, 'image'>[],
  {train, held_out: least}: Readonly<{train: number; held_out: number}>,
): readonly (Fold | null)[] {
  const last = LAST_IMAGES[train - 1]!;
  const cut = patientOf(last);
  const folds: (Fold | null)[] = rows.map(({image}) =>
    image.slice(0, last.length) <= last ? 'train' : null,
  );
  const counts = {val: 0, test: 0};
  let [fold, patient]: ['val' | 'test' | null, string] = ['val', cut];
  const behind = [...rows.entries()]
    .filter(([row, {image}]) => folds[row] === null && patientOf(image) > cut)
    .sort(([, one], [, other]) => (one.image < other.image ? -1 : 1));
  for (const [row, {image}] of behind) {
    // Only a whole patient ends a fold.
    if (patientOf(image) !== patient && fold !== null && counts[fold] >= least) {
      fold = fold === 'val' ? 'test' : null;
    }
    if (fold === null) break;
    patient = patientOf(image);
    folds[row] = fold;
    counts[fold]++;
  }
  return folds;
}

function patientOf(name: string): string {
  return name.slice(0, 8);
}
