import type {JsonObject} from '../../pipeline/model/json.js';
import {formatCount} from '../../pipeline/model/words.js';
import type {Chart} from '../charts.js';
import type {ByGroup, PeopleFacts} from '../data-facts.js';
import {spanOf} from '../numbers.js';
import {barValueAxis, CHART_WIDTH, chartOptions, niceRange} from './axes.js';

const ROW = 23;

type Side = Readonly<{group: keyof ByGroup; name: string}>;

/** Ages as two columns of bars back to back: one group to the left, the other to the right. */
export function agePyramid(
  ages: PeopleFacts['ages'],
  of: Readonly<{id: string; title: string; left: Side; right: Side}>,
): Chart {
  const {id, title, left, right} = of;
  // The youngest at the foot.
  const rows = [...ages].reverse();
  // Room for the numbers at the ends of the longest bars; the least steps are of one image, for there are no halves.
  const ends = rows.flatMap((row) => [row[left.group], row[right.group]]).map((images) => 1.3 * images);
  const {max, step} = symmetric(niceRange([...ends, 3], true));
  const total = ({group}: Side): number => rows.reduce((sum, row) => sum + row[group], 0);
  const most = rows.reduce((a, b) => (sum(b, left, right) > sum(a, left, right) ? b : a));
  const bars = (side: Side, sign: 1 | -1, color: string): JsonObject => ({
    label: side.name,
    // The first row is left free for the names of the sides.
    data: [null, ...rows.map((row) => sign * row[side.group])],
    backgroundColor: color,
    barThickness: 15,
    stack: 'age',
  });
  return {
    id,
    width: CHART_WIDTH,
    height: 76 + ROW * (rows.length + 1),
    alt: `${title}: ${formatCount(total(left))} ${left.name}, ${formatCount(total(right))} ${right.name}; most images at ${spanOf(most)} years.`,
    config: {
      type: 'bar',
      data: {
        labels: ['', ...rows.map(spanOf)],
        datasets: [bars(left, -1, '$a'), bars(right, 1, '$b')],
      },
      options: {
        ...chartOptions({
          title,
          scales: pyramidScales({max, step}),
          notes: {labels: pyramidLabels(rows, {left, right})},
          tooltip: {decimals: 0},
          padding: {top: 2, right: 34, bottom: 0, left: 0},
        }),
        indexAxis: 'y',
        interaction: {mode: 'index', axis: 'y', intersect: false},
      },
    },
  };
}

function pyramidLabels(rows: PeopleFacts['ages'], {left, right}: {left: Side; right: Side}): JsonObject[] {
  const total = ({group}: Side): number => rows.reduce((sum, row) => sum + row[group], 0);
  return [
    ...rows.flatMap((row, y) => [
      endLabel(-row[left.group], y + 1, 'right'),
      endLabel(row[right.group], y + 1, 'left'),
    ]),
    headLabel(left, total(left), 'right'),
    headLabel(right, total(right), 'left'),
  ];
}

/** At most three steps to each side, and a line at zero. */
function symmetric({max, step}: {max: number; step: number}): {max: number; step: number} {
  const wide = max / step > 3 ? 2 * step : step;
  return {max: Math.ceil(max / wide - 1e-9) * wide, step: wide};
}

function pyramidScales({max, step}: {max: number; step: number}): JsonObject {
  return {
    x: {
      ...barValueAxis({
        ...{min: -max, max, step, title: 'images'},
        format: {signDisplay: 'never', maximumFractionDigits: 0},
      }),
      stacked: true,
    },
    y: {
      type: 'category',
      stacked: true,
      border: {display: false},
      grid: {display: false},
      ticks: {color: '$ink2', autoSkip: false, padding: 6},
      title: {display: false},
    },
  };
}

/** The number of images beside the end of a bar, away from the middle. */
function endLabel(images: number, row: number, align: 'left' | 'right'): JsonObject {
  const dx = align === 'right' ? -5 : 5;
  return {x: images, y: row, text: formatCount(Math.abs(images)), color: '$ink2', align, dx, size: 11};
}

/** In the free row: whose bars these are. */
function headLabel(side: Side, images: number, align: 'left' | 'right'): JsonObject {
  return {
    ...{x: 0, y: 0, dx: align === 'right' ? -8 : 8},
    text: `${side.name}, ${formatCount(images)}`,
    color: align === 'right' ? '$a' : '$b',
    ...{align, bold: true},
  };
}

function sum(row: ByGroup, left: Side, right: Side): number {
  return row[left.group] + row[right.group];
}
