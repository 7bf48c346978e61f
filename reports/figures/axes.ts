import type {Json, JsonObject} from '../../pipeline/model/json.js';

/** Space at the right of a plot for labels at the ends of lines, CSS pixels. */
export const LABEL_ROOM = {top: 2, right: 78, bottom: 0, left: 0};

type Padding = Readonly<{top: number; right: number; bottom: number; left: number}>;

/** Every two-up chart: 448 px, so that two stand side by side and one still reads at 0.8 of its size on a phone. */
export const CHART_WIDTH = 448;

/** Options that all charts share: no animation, no legend, title at the upper left in place of a turned axis title. */
export function chartOptions(options: {
  title?: string;
  scales: JsonObject;
  notes?: JsonObject;
  padding?: Padding;
  tooltip?: JsonObject;
}): JsonObject {
  const {title, scales, notes, padding = {top: 2, right: 0, bottom: 0, left: 0}, tooltip} = options;
  return {
    animation: false,
    responsive: false,
    locale: 'en-US',
    color: '$ink2',
    // Padding is all there is: automatic room for labels would shift plots that must line up.
    layout: {padding, autoPadding: false},
    interaction: {mode: 'nearest', axis: 'x', intersect: false},
    scales,
    plugins: {
      legend: {display: false},
      title: title === undefined ? {display: false} : titleOf(title),
      tooltip: {displayColors: false, ...tooltip},
      notes: notes ?? {},
    },
  };
}

function titleOf(text: string): JsonObject {
  return {
    display: true,
    text,
    align: 'start',
    color: '$ink',
    font: {size: 12.5, weight: '600'},
    padding: {top: 0, bottom: 12},
  };
}

/** A vertical axis: hairlines across, no line of its own. */
export function valueAxis(range: {min: number; max: number; step: number; decimals: number}): JsonObject {
  const {min, max, step, decimals} = range;
  return {
    type: 'linear',
    ...{min, max},
    border: {display: false},
    grid: {color: '$rule', drawTicks: false},
    ticks: {
      color: '$ink2',
      padding: 8,
      stepSize: step,
      format: {minimumFractionDigits: decimals, maximumFractionDigits: decimals},
    },
  };
}

/** Epochs 1 to `last`, with a tick at the first and the last, and at most three between them. */
export function epochAxis(last: number): JsonObject {
  const step = Math.max(1, Math.ceil((last - 1) / 4));
  return {
    type: 'linear',
    min: 1,
    max: last,
    border: {color: '$rule2'},
    grid: {display: true, drawOnChartArea: false, tickColor: '$rule2', tickLength: 5},
    ticks: {
      color: '$ink2',
      stepSize: step,
      maxRotation: 0,
      includeBounds: true,
      format: {maximumFractionDigits: 0},
    },
    title: axisTitle('epoch'),
  };
}

/** The value axis of lying bars, with hairlines down the plot. */
export function barValueAxis(of: {
  min: number;
  max: number;
  step: number;
  format: JsonObject;
  title: string;
}): JsonObject {
  const {min, max, step, format, title} = of;
  return {
    type: 'linear',
    ...{min, max},
    border: {color: '$rule2'},
    grid: {color: '$rule', tickColor: '$rule2', tickLength: 5},
    ticks: {color: '$ink2', stepSize: step, maxRotation: 0, format},
    title: axisTitle(title),
  };
}

/** The name of an axis, at its end. */
export function axisTitle(text: string): JsonObject {
  return {display: true, text, align: 'end', color: '$ink', font: {size: 12, weight: '600'}, padding: 0};
}

/** Round limits and a round step (1, 2 or 5 times a power of ten) with three to six steps around the values. */
export function niceRange(
  values: readonly number[],
  fromZero = false,
): {min: number; max: number; step: number; decimals: number} {
  const [low, high] = [fromZero ? 0 : Math.min(...values), Math.max(...values)];
  const span = high - low || Math.abs(high) || 1;
  const rough = span / 3;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * (rough / power < 1.5 ? 1 : rough / power < 3.5 ? 2 : rough / power < 7.5 ? 5 : 10);
  const min = Math.floor(low / step + 1e-9) * step;
  const max = Math.ceil(high / step - 1e-9) * step;
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return {min, max: max > min ? max : min + step, step, decimals};
}

/** A line with a circle (solid) or a square (dashed) at every point, so that colour is never alone. */
export function lineDataset(line: {
  label: string;
  points: readonly JsonObject[];
  color: '$a' | '$b';
}): JsonObject {
  const dashed = line.color === '$b';
  return {
    label: line.label,
    data: line.points as Json,
    borderColor: line.color,
    borderWidth: 2,
    borderDash: dashed ? [6, 3] : [],
    // Points at the ends lie on the frame; they may reach over it.
    clip: 6,
    pointStyle: dashed ? 'rect' : 'circle',
    pointRadius: line.points.length > 40 ? 0 : dashed ? 4.2 : 3.8,
    pointBackgroundColor: line.color,
    pointBorderColor: '$paper',
    pointBorderWidth: 1.5,
    pointHoverRadius: 5,
    pointHoverBackgroundColor: line.color,
    pointHoverBorderColor: '$paper',
  };
}
