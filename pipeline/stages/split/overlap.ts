import {FOLDS, type Fold} from '../../model/findings.js';
import {formatCount} from '../../model/words.js';
import type {CheckOutcome} from '../audit/document.js';

/** One image with the fold it was put into. */
export type FoldRow = Readonly<{image: string; patient: string; fold: Fold}>;

const BIT: Readonly<Record<Fold, number>> = {train: 1, val: 2, test: 4};

const PAIRS: readonly (readonly [Fold, Fold])[] = [
  ['train', 'val'],
  ['train', 'test'],
  ['val', 'test'],
];

/** Compares the finished folds pair by pair, whoever made them: the proof does not trust the method. */
export function checkOverlap(of: 'patient' | 'image', rows: readonly FoldRow[]): CheckOutcome {
  // A bit for each fold: a Set for each of 112,120 images would take longer than all the rest.
  const foldsOf = new Map<string, number>();
  for (const row of rows) foldsOf.set(row[of], (foldsOf.get(row[of]) ?? 0) | BIT[row.fold]);
  const foldsIn = (bits: number): readonly Fold[] => FOLDS.filter((fold) => (bits & BIT[fold]) !== 0);
  const shared = [...foldsOf].filter(([, bits]) => foldsIn(bits).length > 1);
  const pairs = PAIRS.map(([one, other]) => {
    const both = BIT[one] | BIT[other];
    const count = shared.filter(([, bits]) => (bits & both) === both).length;
    return `${one} and ${other}: ${formatCount(count)}`;
  });
  return {
    name: `${of}-overlap`,
    title: of === 'patient' ? 'Patients in more than one fold' : 'Images in more than one fold',
    status: shared.length === 0 ? 'passed' : 'failed',
    count: shared.length,
    of: foldsOf.size,
    detail: pairs.join('; '),
    examples: shared.slice(0, 5).map(([name, bits]) => `${name} in ${foldsIn(bits).join(', ')}`),
  };
}
