import type {Estimate} from '../../pipeline/model/evaluation.js';
import type {JsonObject} from '../../pipeline/model/json.js';
import type {Chart} from '../charts.js';
import {interval, metric} from '../numbers.js';
import {chartOptions} from './axes.js';

/**
 * The forest plot as a column of the table: one strip per row, all with the same horizontal axis, whose numbers stand
 * in the header. So table and plot cannot come apart, wherever text wraps or a page breaks.
 */
export const STRIP_WIDTH = 196;
const STRIP_HEIGHT = 28;
const AXIS_HEIGHT = 18;

/** Room for half a number of the axis, and for a point at 1; the same in the header and in every strip. */
const PADDING = {top: 0, right: 14, bottom: 0, left: 14};

/** The horizontal axis that all strips of a table share. */
export type StripAxis = Readonly<{min: number; max: 1; step: number}>;

/** From the tenth below the lowest interval up to 1. */
export function stripAxis(estimates: readonly Estimate[]): StripAxis {
  const lows = estimates.flatMap((one) => (one.defined ? [one.low ?? one.value] : []));
  const lowest = Math.max(0, Math.floor(Math.min(0.9, ...lows) * 10 + 1e-9) / 10);
  // Steps of 0.2 below 0.6, so that the numbers do not touch; the axis then begins at a step.
  return lowest < 0.6
    ? {min: Math.floor(lowest * 5 + 1e-9) / 5, max: 1, step: 0.2}
    : {min: lowest, max: 1, step: 0.1};
}

/** A point with its interval; published values of the same split as bare ticks, because they come without intervals. */
export function strip(row: {
  id: string;
  name: string;
  estimate: Estimate;
  axis: StripAxis;
  mean: boolean;
  published: readonly number[];
}): Chart {
  const {estimate, axis, mean} = row;
  const point = {
    data: estimate.defined ? [{x: estimate.value, y: 0}] : [],
    // A point at 1 reaches over the end of the axis.
    clip: false,
    pointStyle: mean ? 'rectRot' : 'circle',
    pointRadius: mean ? 6 : 5,
    pointBackgroundColor: mean ? '$ink' : '$a',
    pointBorderColor: '$paper',
    pointBorderWidth: 1.5,
  };
  return {
    id: `strip-${row.id}`,
    width: STRIP_WIDTH,
    height: STRIP_HEIGHT,
    alt: estimate.defined
      ? `${row.name}: AUROC ${metric(estimate.value)}, interval ${interval(estimate) ?? 'not known'}`
      : `${row.name}: undefined`,
    config: {
      type: 'scatter',
      data: {datasets: [point, intervalBar(estimate, mean)].filter((dataset) => dataset !== null)},
      // Chart.js draws the first of them last: the point on its interval.
      options: chartOptions({
        padding: PADDING,
        scales: {
          x: horizontal(axis),
          y: {type: 'linear', min: -1, max: 1, display: false},
        },
        notes: {
          ticks: row.published.map((x) => ({x, y: 0, reach: 6, color: '$mark'})),
          marks: axis.min < 0.5 ? [{x: 0.5, color: '$rule2'}] : [],
        },
      }),
    },
  };
}

/** The numbers of the axis, for the header of the column. An axis of Chart.js may take half the height at most. */
export function stripHeader(axis: StripAxis): Chart {
  const steps = Array.from(
    {length: Math.round((axis.max - axis.min) / axis.step) + 1},
    (_, index) => axis.min + index * axis.step,
  );
  return {
    id: 'strip-axis',
    width: STRIP_WIDTH,
    height: AXIS_HEIGHT,
    alt: `AUROC axis from ${axis.min.toFixed(1)} to 1`,
    config: {
      type: 'scatter',
      data: {datasets: [{data: []}]},
      options: chartOptions({
        padding: PADDING,
        scales: {
          x: {...horizontal(axis), display: false},
          y: {type: 'linear', min: -1, max: 1, display: false},
        },
        notes: {
          labels: steps.map((x) => ({
            x,
            y: 0,
            text: x.toFixed(1),
            color: '$ink2',
            align: 'center',
            size: 11.5,
          })),
        },
      }),
    },
  };
}

function intervalBar(estimate: Estimate, mean: boolean): JsonObject | null {
  if (!estimate.defined || estimate.low === null || estimate.high === null) return null;
  return {
    data: [
      {x: estimate.low, y: 0},
      {x: estimate.high, y: 0},
    ],
    showLine: true,
    pointRadius: 0,
    borderWidth: 9,
    borderColor: mean ? '$mark-soft' : '$a-soft',
  };
}

function horizontal(axis: StripAxis): JsonObject {
  return {
    type: 'linear',
    ...{min: axis.min, max: axis.max},
    border: {display: false},
    grid: {color: '$rule', drawTicks: false},
    ticks: {display: false, stepSize: axis.step},
  };
}
