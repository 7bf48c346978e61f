import type {Fold} from '../../pipeline/model/findings.js';
import type {JsonObject} from '../../pipeline/model/json.js';
import type {Chart} from '../charts.js';
import {niceRange} from './axes.js';
import {middle, type StripAxis, stripChart, stripLine} from './strips.js';

/** One row: the share of all images, and of each fold's. 0 to 1. */
export type PrevalenceRow = Readonly<{
  share: number;
  folds: readonly Readonly<{fold: Fold; share: number}>[];
}>;

/** Shape and colour of a fold's mark, and its place in the row: equal shares must not hide each other; the caption explains them with the classes `key circle` and so on. */
const MARKS = {
  train: {shape: 'circle', color: '$a', radius: 3.6, below: -8},
  val: {shape: 'rect', color: '$b', radius: 4, below: 0},
  test: {shape: 'triangle', color: '$ink', radius: 4.2, below: 8},
} as const;

/** Bars from zero with a mark per fold, as a column of a table. */
export function prevalenceChart(rows: readonly PrevalenceRow[]): Chart {
  const axis = axisOf(rows);
  const folds = [...new Set(rows.flatMap((row) => row.folds.map(({fold}) => fold)))];
  return stripChart({
    id: 'prevalence',
    alt: `Axis from 0 to ${axis.max}%`,
    rows: rows.length,
    axis,
    datasets: [
      ...folds.map((fold) => marks(rows, fold)).reverse(),
      stripLine(
        rows.map(({share}, row) => ({row, from: 0, to: 100 * share})),
        {width: folds.length === 0 ? 13 : 24, color: folds.length === 0 ? '$a' : '$a-soft'},
      ),
    ],
  });
}

function axisOf(rows: readonly PrevalenceRow[]): StripAxis {
  const shares = rows.flatMap((row) => [row.share, ...row.folds.map(({share}) => share)]);
  const {max, step} = niceRange([...shares.map((share) => 100 * share), 1e-3], true);
  const count = Math.round(max / step);
  const numbers = Array.from({length: count + 1}, (_, index) => index * step);
  return {min: 0, max, step, numbers: numbers.map((at) => ({at, text: String(Number(at.toFixed(4)))}))};
}

function marks(rows: readonly PrevalenceRow[], fold: Fold): JsonObject {
  const {shape, color, radius, below} = MARKS[fold];
  return {
    data: rows.flatMap((one, row) =>
      one.folds
        .filter((each) => each.fold === fold)
        .map(({share}) => ({x: 100 * share, y: middle(row) + below})),
    ),
    clip: false,
    pointStyle: shape,
    pointRadius: radius,
    pointBackgroundColor: color,
    pointBorderColor: '$paper',
    pointBorderWidth: 1,
  };
}
