import {toCsv} from '../csv.js';
import type {Member} from './members.js';

/** Two images that are the same or nearly so. */
export type Pair = Readonly<{
  kind: 'duplicate' | 'near-duplicate';
  one: Member;
  other: Member;
  /** In which their perceptual hashes differ. */
  bits: number;
  /** Correlation of their details. */
  likeness: number;
}>;

/** pairs.csv: those across folds first, which are the leaks. */
export function pairsCsv(pairs: readonly Pair[]): string {
  const ordered = [...pairs.filter(isAcross), ...pairs.filter((pair) => !isAcross(pair))];
  return toCsv(
    'kind,image,patient,fold,other_image,other_patient,other_fold,bits,likeness'.split(','),
    ordered.map(({kind, one, other, bits, likeness}) => [
      kind,
      ...[one.image, one.patient, one.fold],
      ...[other.image, other.patient, other.fold],
      bits,
      likeness.toFixed(3),
    ]),
  );
}

export function isAcross({one, other}: Pair): boolean {
  return one.fold !== other.fold;
}
