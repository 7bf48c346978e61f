import type {Estimate} from '../../model/evaluation.js';
import type {FoldScore, Leaderboard, LeaderboardRow} from '../../model/leaderboard.js';
import {toCsv} from '../csv.js';

/** A row for each model, the columns of what the matrix varies named `matrix.PATH`. What is not defined is empty. */
export function leaderboardCsv({varied, rows}: Leaderboard): string {
  const folds = ['val', 'test'].flatMap((fold) =>
    ['images', 'macro_auroc', 'macro_auroc_low', 'macro_auroc_high', 'macro_average_precision'].map(
      (column) => `${fold}_${column}`,
    ),
  );
  const header = [
    ...['rank', 'model', 'evaluation', ...varied.map((path) => `matrix.${path}`), ...folds],
    ...['best_epoch', 'epochs', 'train_loss', 'seconds', 'images_per_second', 'device', 'ranks'],
    'unranked_because',
  ];
  return toCsv(
    header,
    rows.map((row) => cellsOf(row, varied)),
  );
}

function cellsOf(row: LeaderboardRow, varied: readonly string[]): readonly (string | number)[] {
  return [
    ...[row.rank ?? '', row.model, row.evaluation ?? ''],
    ...varied.map((path) => {
      const value = row.values[path];
      return typeof value === 'number' ? value : harmless(String(value ?? ''));
    }),
    ...scoreCells(row.val),
    ...scoreCells(row.test),
    ...[row.best_epoch ?? '', row.epochs, row.train_loss ?? '', row.seconds, row.images_per_second ?? ''],
    ...[row.device, row.ranks, row.unranked_because ?? ''],
  ];
}

/** No spreadsheet takes it for a formula. */
function harmless(text: string): string {
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}

function scoreCells(score: FoldScore | null): readonly (string | number)[] {
  if (score === null) return ['', '', '', '', ''];
  const {images, macro_auroc: auroc, macro_average_precision: averagePrecision} = score;
  return [images, ...estimateCells(auroc), estimateCells(averagePrecision)[0]!];
}

function estimateCells(estimate: Estimate): readonly (string | number)[] {
  if (!estimate.defined) return ['', '', ''];
  return [estimate.value, estimate.low ?? '', estimate.high ?? ''];
}
