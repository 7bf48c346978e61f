import type {Evaluation, FoldEvaluation} from '../pipeline/model/evaluation.js';

/** The fold that the report is about: the last one that was predicted, which is the test fold unless that was left out. */
export function scoredFold(evaluation: Evaluation): FoldEvaluation {
  const fold = evaluation.folds.at(-1);
  if (fold === undefined) throw new Error('Internal error: an evaluation without folds');
  return fold;
}

/** `validation` for `val`: folds as prose writes them. */
export function foldName(fold: 'train' | 'val' | 'test'): string {
  return fold === 'val' ? 'validation' : fold;
}

/** `Validation`: as headings write it. */
export function foldTitle(fold: 'train' | 'val' | 'test'): string {
  return foldName(fold).replace(/^./, (letter) => letter.toUpperCase());
}
