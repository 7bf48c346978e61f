import {FOLDS, type Fold} from '../../model/findings.js';
import type {JsonObject} from '../../model/json.js';

/** One image with the fold it was put into. */
export type FoldRow = Readonly<{image: string; patient: string; fold: Fold}>;

/** What two folds have in common. `examples` are at most five. */
export type Overlap = Readonly<{
  of: 'patient' | 'image';
  folds: readonly [Fold, Fold];
  count: number;
  examples: readonly string[];
}>;

const PAIRS: readonly (readonly [Fold, Fold])[] = [
  ['train', 'val'],
  ['train', 'test'],
  ['val', 'test'],
];

/** Compares the finished folds pair by pair, whoever made them: the proof does not trust the method. */
export function findOverlaps(rows: readonly FoldRow[]): readonly Overlap[] {
  return (['patient', 'image'] as const).flatMap((of) => {
    const members = Object.fromEntries(FOLDS.map((fold) => [fold, new Set<string>()])) as Record<
      Fold,
      Set<string>
    >;
    for (const row of rows) members[row.fold].add(row[of]);
    return PAIRS.map((folds) => {
      const shared = [...members[folds[0]]].filter((name) => members[folds[1]].has(name));
      return {of, folds, count: shared.length, examples: shared.slice(0, 5)};
    });
  });
}

/** audit.json: each comparison with its outcome, and whether all passed. */
export function auditDocument(overlaps: readonly Overlap[]): JsonObject {
  return {
    schema: 'pipeline/split-audit/v1',
    pass: overlaps.every((overlap) => overlap.count === 0),
    checks: overlaps.map((overlap) => ({
      check: `no ${overlap.of} in both ${overlap.folds[0]} and ${overlap.folds[1]}`,
      pass: overlap.count === 0,
      shared: overlap.count,
      examples: [...overlap.examples],
    })),
  };
}
