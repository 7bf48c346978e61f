import type {ClassEvaluation} from '../../pipeline/model/evaluation.js';
import type {JsonObject} from '../../pipeline/model/json.js';
import type {Chart} from '../charts.js';
import {inTable, metric, percent} from '../numbers.js';
import {chartOptions} from './axes.js';

const PANEL_WIDTH = 132;
const PANEL_HEIGHT = 142;

/** Sensitivity against the false-positive rate, with the diagonal of a ranking by chance. Null where undefined. */
export function rocPanel(of: ClassEvaluation): Chart | null {
  if (of.roc === null || !of.auroc.defined) return null;
  const points = of.roc.x.map((x, index) => ({x, y: of.roc!.y[index]!}));
  const chance = [
    {x: 0, y: 0},
    {x: 1, y: 1},
  ];
  return panel({
    id: `roc-${of.finding}`,
    alt: `ROC curve of ${inTable(of.finding)}: AUROC ${metric(of.auroc.value)}.`,
    datasets: [curve('sensitivity', points), reference(chance)],
    axes: ['FPR', 'sens.'],
  });
}

/** Precision against recall in steps, with the prevalence, which is the precision of a guess. Null where undefined. */
export function precisionRecallPanel(of: ClassEvaluation): Chart | null {
  if (of.precision_recall === null || !of.average_precision.defined) return null;
  const {x, y} = of.precision_recall;
  // Before the first positive is found precision is that of the first step.
  const points = [{x: 0, y: y[0]!}, ...x.map((recall, index) => ({x: recall, y: y[index]!}))];
  const guess = [
    {x: 0, y: of.prevalence},
    {x: 1, y: of.prevalence},
  ];
  return panel({
    id: `pr-${of.finding}`,
    alt: `Precision-recall curve of ${inTable(of.finding)}: average precision ${metric(of.average_precision.value)} at a prevalence of ${percent(of.prevalence)}%.`,
    datasets: [{...curve('precision', points), stepped: 'after'}, reference(guess)],
    axes: ['rec.', 'prec.'],
  });
}

function panel(of: {
  id: string;
  alt: string;
  datasets: readonly JsonObject[];
  axes: readonly [string, string];
}): Chart {
  const axis: JsonObject = {
    type: 'linear',
    min: 0,
    max: 1,
    border: {display: false},
    grid: {color: '$rule', drawTicks: false, lineWidth: 1},
  };
  return {
    id: of.id,
    width: PANEL_WIDTH,
    height: PANEL_HEIGHT,
    alt: of.alt,
    config: {
      type: 'line',
      data: {datasets: of.datasets},
      options: chartOptions({
        scales: {
          x: {
            ...axis,
            ticks: {
              color: '$ink3',
              stepSize: 1,
              align: 'inner',
              padding: 3,
              font: {size: 11},
              maxRotation: 0,
            },
          },
          y: {...axis, ticks: {display: false, stepSize: 1}},
        },
        padding: {top: 2, right: 1, bottom: 0, left: 1},
        tooltip: {axes: of.axes, decimals: 3},
      }),
    },
  };
}

function curve(label: string, points: readonly JsonObject[]): JsonObject {
  return {
    label,
    data: points,
    borderColor: '$a',
    borderWidth: 1.8,
    pointRadius: 0,
    pointHoverRadius: 4,
    pointHoverBackgroundColor: '$a',
    borderJoinStyle: 'round',
  };
}

function reference(points: readonly JsonObject[]): JsonObject {
  return {
    data: points,
    borderColor: '$rule2',
    borderWidth: 1,
    borderDash: [3, 3],
    pointRadius: 0,
    pointHoverRadius: 0,
    reference: true,
  };
}
