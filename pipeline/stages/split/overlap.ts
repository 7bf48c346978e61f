import {FOLDS, type Fold} from '../../model/findings.js';
import {formatCount} from '../../model/words.js';
import type {AuditCheck} from '../audit/document.js';

/** One image with the fold it was put into. */
export type FoldRow = Readonly<{image: string; patient: string; fold: Fold}>;

const PAIRS: readonly (readonly [Fold, Fold])[] = [
  ['train', 'val'],
  ['train', 'test'],
  ['val', 'test'],
];

/** Compares the finished folds pair by pair, whoever made them: the proof does not trust the method. */
export function checkOverlap(of: 'patient' | 'image', rows: readonly FoldRow[]): AuditCheck {
  const foldsOf = new Map<string, Set<Fold>>();
  for (const row of rows) {
    const folds = foldsOf.get(row[of]);
    if (folds === undefined) foldsOf.set(row[of], new Set([row.fold]));
    else folds.add(row.fold);
  }
  const shared = [...foldsOf].filter(([, folds]) => folds.size > 1);
  const pairs = PAIRS.map(([one, other]) => {
    const count = shared.filter(([, folds]) => folds.has(one) && folds.has(other)).length;
    return `${one} and ${other}: ${formatCount(count)}`;
  });
  return {
    name: `${of}-overlap`,
    title: of === 'patient' ? 'Patients in more than one fold' : 'Images in more than one fold',
    status: shared.length === 0 ? 'passed' : 'failed',
    count: shared.length,
    of: foldsOf.size,
    detail: pairs.join('; '),
    examples: shared
      .slice(0, 5)
      .map(([name, folds]) => `${name} in ${FOLDS.filter((fold) => folds.has(fold)).join(', ')}`),
  };
}
