import type {Estimate} from '../../pipeline/model/evaluation.js';
import type {JsonObject} from '../../pipeline/model/json.js';
import type {Chart} from '../charts.js';
import {middle, type StripAxis, stripChart, stripLine} from './strips.js';

/** One row of the table that the plot stands in. */
export type ForestRow = Readonly<{
  estimate: Estimate;
  /** A mean is a diamond, a class a circle. */
  mean: boolean;
  /** Published values of the same split: bare ticks, because they come without intervals. */
  published: readonly number[];
}>;

/** The forest plot as a column of a table: its axis for the header, and a strip for each row. */
export function forestChart(rows: readonly ForestRow[]): Chart {
  const axis = axisOf(rows);
  return stripChart({
    id: 'forest',
    alt: `AUROC axis from ${axis.min.toFixed(1)} to 1`,
    rows: rows.length,
    axis,
    // Points on their intervals.
    datasets: [points(rows), intervals(rows, false), intervals(rows, true)],
    notes: {
      ticks: rows.flatMap(({published}, row) =>
        published.map((x) => ({x, y: middle(row), reach: 6, color: '$mark'})),
      ),
      marks: axis.min < 0.5 ? [{x: 0.5, color: '$rule2'}] : [],
    },
  });
}

/** From the tenth below the lowest interval up to 1. */
function axisOf(rows: readonly ForestRow[]): StripAxis {
  const lows = rows.flatMap(({estimate}) => (estimate.defined ? [estimate.low ?? estimate.value] : []));
  const lowest = Math.max(0, Math.floor(Math.min(0.9, ...lows) * 10 + 1e-9) / 10);
  // Steps of 0.2 below 0.6, so that the numbers do not touch; the axis then begins at a step.
  const step = lowest < 0.6 ? 0.2 : 0.1;
  const min = Math.floor(lowest / step + 1e-9) * step;
  const count = Math.round((1 - min) / step) + 1;
  const numbers = Array.from({length: count}, (_, index) => min + index * step);
  return {min, max: 1, step, numbers: numbers.map((at) => ({at, text: at.toFixed(1)}))};
}

function points(rows: readonly ForestRow[]): JsonObject {
  const drawn = rows.flatMap(({estimate, mean}, row) =>
    estimate.defined ? [{mean, point: {x: estimate.value, y: middle(row)}}] : [],
  );
  return {
    data: drawn.map(({point}) => point),
    // A point at 1 reaches over the end of the axis.
    clip: false,
    pointStyle: drawn.map(({mean}) => (mean ? 'rectRot' : 'circle')),
    pointRadius: drawn.map(({mean}) => (mean ? 6 : 5)),
    pointBackgroundColor: drawn.map(({mean}) => (mean ? '$ink' : '$a')),
    pointBorderColor: '$paper',
    pointBorderWidth: 1.5,
  };
}

/** Thick, soft, from the lower to the upper end of every interval. */
function intervals(rows: readonly ForestRow[], means: boolean): JsonObject {
  const pieces = rows.flatMap(({estimate, mean}, row) =>
    mean !== means || !estimate.defined || estimate.low === null || estimate.high === null
      ? []
      : [{row, from: estimate.low, to: estimate.high}],
  );
  return stripLine(pieces, {width: 9, color: means ? '$mark-soft' : '$a-soft'});
}
