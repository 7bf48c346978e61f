import type {JsonObject} from '../../pipeline/model/json.js';
import type {Chart} from '../charts.js';
import {chartOptions} from './axes.js';

export const ROW_HEIGHT = 28;

const WIDTH = 196;
const AXIS_HEIGHT = 18;

/** Room for half a number of the axis, and for a point at its end. */
const SIDE = 14;

/** Across a strip: its ends, the distance of its lines, and the numbers that stand over it. */
export type StripAxis = Readonly<{
  min: number;
  max: number;
  step: number;
  numbers: readonly Readonly<{at: number; text: string}>[];
}>;

/**
 * A plot as a column of a table: drawn at once and cut into bands, the numbers of the axis for the header and a strip
 * for each row. So table and plot cannot come apart, wherever text wraps, rows are sorted or a page breaks.
 */
export function stripChart(of: {
  id: string;
  alt: string;
  rows: number;
  axis: StripAxis;
  /** Chart.js draws the first of them last. */
  datasets: readonly JsonObject[];
  notes?: JsonObject;
}): Chart {
  const {id, alt, rows, axis, datasets, notes} = of;
  const height = ROW_HEIGHT * rows;
  return {
    id,
    alt,
    width: WIDTH,
    height: AXIS_HEIGHT + height,
    bands: [AXIS_HEIGHT, ...new Array<number>(rows).fill(ROW_HEIGHT)],
    config: {
      type: 'scatter',
      data: {datasets},
      options: chartOptions({
        padding: {top: AXIS_HEIGHT, right: SIDE, bottom: 0, left: SIDE},
        scales: {
          x: {
            type: 'linear',
            ...{min: axis.min, max: axis.max},
            border: {display: false},
            grid: {color: '$rule', drawTicks: false},
            ticks: {display: false, stepSize: axis.step},
          },
          y: {type: 'linear', ...{min: 0, max: height}, reverse: true, display: false},
        },
        notes: {
          labels: axis.numbers.map(({at, text}) => ({
            ...{x: at, y: 0, dy: -AXIS_HEIGHT / 2, text},
            ...{color: '$ink2', align: 'center', size: 11.5},
          })),
          ...notes,
        },
      }),
    },
  };
}

/** Where the middle of a row is on the upright axis. */
export function middle(row: number): number {
  return ROW_HEIGHT * (row + 0.5);
}

/** One thick line with gaps, a piece for each row: an interval, or a bar that begins at zero. */
export function stripLine(
  pieces: readonly Readonly<{row: number; from: number; to: number}>[],
  look: Readonly<{width: number; color: string}>,
): JsonObject {
  return {
    data: pieces.flatMap(({row, from, to}) => [
      {x: from, y: middle(row)},
      {x: to, y: middle(row)},
      {x: null, y: null},
    ]),
    showLine: true,
    pointRadius: 0,
    borderWidth: look.width,
    borderColor: look.color,
  };
}
