import type {Estimate} from '../../pipeline/model/evaluation.js';
import type {JsonObject} from '../../pipeline/model/json.js';
import type {Chart} from '../charts.js';
import {chartOptions} from './axes.js';

/** One row of the table that the plot stands in. */
export type ForestRow = Readonly<{
  estimate: Estimate;
  /** A mean is a diamond, a class a circle. */
  mean: boolean;
  /** Published values of the same split: bare ticks, because they come without intervals. */
  published: readonly number[];
}>;

const WIDTH = 196;
const AXIS_HEIGHT = 18;
const ROW_HEIGHT = 28;

/** Room for half a number of the axis, and for a point at 1. */
const SIDE = 14;

/**
 * The forest plot as a column of a table: drawn at once and cut into bands, the numbers of the axis for the header and
 * a strip for each row. So table and plot cannot come apart, wherever text wraps, rows are sorted or a page breaks.
 */
export function forestChart(rows: readonly ForestRow[]): Chart {
  const axis = axisOf(rows);
  const height = ROW_HEIGHT * rows.length;
  return {
    id: 'forest',
    width: WIDTH,
    height: AXIS_HEIGHT + height,
    bands: [AXIS_HEIGHT, ...rows.map(() => ROW_HEIGHT)],
    alt: `AUROC axis from ${axis.min.toFixed(1)} to 1`,
    config: {
      type: 'scatter',
      // Chart.js draws the first of them last: points on their intervals.
      data: {datasets: [points(rows), intervals(rows, false), intervals(rows, true)]},
      options: chartOptions({
        padding: {top: AXIS_HEIGHT, right: SIDE, bottom: 0, left: SIDE},
        scales: {
          x: {
            type: 'linear',
            ...{min: axis.min, max: 1},
            border: {display: false},
            grid: {color: '$rule', drawTicks: false},
            ticks: {display: false, stepSize: axis.step},
          },
          y: {type: 'linear', ...{min: 0, max: height}, reverse: true, display: false},
        },
        notes: {
          labels: axis.steps.map((x) => ({
            ...{x, y: 0, dy: -AXIS_HEIGHT / 2, text: x.toFixed(1)},
            ...{color: '$ink2', align: 'center', size: 11.5},
          })),
          ticks: rows.flatMap(({published}, row) =>
            published.map((x) => ({x, y: middle(row), reach: 6, color: '$mark'})),
          ),
          marks: axis.min < 0.5 ? [{x: 0.5, color: '$rule2'}] : [],
        },
      }),
    },
  };
}

/** From the tenth below the lowest interval up to 1. */
function axisOf(rows: readonly ForestRow[]): {min: number; step: number; steps: readonly number[]} {
  const lows = rows.flatMap(({estimate}) => (estimate.defined ? [estimate.low ?? estimate.value] : []));
  const lowest = Math.max(0, Math.floor(Math.min(0.9, ...lows) * 10 + 1e-9) / 10);
  // Steps of 0.2 below 0.6, so that the numbers do not touch; the axis then begins at a step.
  const step = lowest < 0.6 ? 0.2 : 0.1;
  const min = Math.floor(lowest / step + 1e-9) * step;
  const count = Math.round((1 - min) / step) + 1;
  return {min, step, steps: Array.from({length: count}, (_, index) => min + index * step)};
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

/** One line with gaps: thick, soft, from the lower to the upper end of every interval. */
function intervals(rows: readonly ForestRow[], means: boolean): JsonObject {
  const data = rows.flatMap(({estimate, mean}, row) =>
    mean !== means || !estimate.defined || estimate.low === null || estimate.high === null
      ? []
      : [
          {x: estimate.low, y: middle(row)},
          {x: estimate.high, y: middle(row)},
          {x: null, y: null},
        ],
  );
  return {
    data,
    showLine: true,
    pointRadius: 0,
    borderWidth: 9,
    borderColor: means ? '$mark-soft' : '$a-soft',
  };
}

function middle(row: number): number {
  return ROW_HEIGHT * (row + 0.5);
}
