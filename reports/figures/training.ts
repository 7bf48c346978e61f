import type {JsonObject} from '../../pipeline/model/json.js';
import type {Chart} from '../charts.js';
import type {TrainingFacts} from '../facts.js';
import {fixed, metric} from '../numbers.js';
import {CHART_WIDTH, chartOptions, epochAxis, LABEL_ROOM, lineDataset, niceRange, valueAxis} from './axes.js';

const HEIGHT = 252;

type Epoch = TrainingFacts['epochs'][number];

/** Training and validation loss per epoch. */
export function lossChart(training: TrainingFacts): Chart {
  const epochs = training.epochs;
  const [train, val] = [
    pointsOf(epochs, (epoch) => epoch.train_loss),
    pointsOf(epochs, (epoch) => epoch.val_loss),
  ];
  const range = niceRange([...train, ...val].map((point) => point.y));
  const datasets = [
    lineDataset({label: 'train', points: train, color: '$a'}),
    lineDataset({label: 'validation', points: val, color: '$b'}),
  ];
  const labels = apart(
    [train, val].flatMap((points, index) => {
      const end = points.at(-1);
      return end === undefined
        ? []
        : [
            {
              ...end,
              text: ['train', 'validation'][index]!,
              color: ['$a', '$b'][index]!,
              align: 'left',
              dx: 10,
              bold: true,
            },
          ];
    }),
    {range, plotHeight: 170},
  );
  return {
    id: 'loss',
    width: CHART_WIDTH,
    height: HEIGHT,
    alt: `Loss over ${epochs.length} epochs: train ${ends(train, 4)}${val.length > 0 ? `, validation ${ends(val, 4)}` : ''}.`,
    config: {
      type: 'line',
      data: {datasets},
      options: chartOptions({
        title: 'Binary cross-entropy per label',
        scales: {x: epochAxis(epochs.length), y: valueAxis(range)},
        notes: {labels, marks: [keptMark(epochs)].flat()},
        padding: LABEL_ROOM,
        tooltip: {decimals: 4},
      }),
    },
  };
}

/** Macro AUROC of the validation fold per epoch, with the kept epoch. */
export function aurocChart(training: TrainingFacts): Chart {
  const epochs = training.epochs;
  const points = pointsOf(epochs, (epoch) => epoch.val_auroc_macro);
  const end = points.at(-1)!;
  return {
    id: 'val-auroc',
    width: CHART_WIDTH,
    height: HEIGHT,
    alt: `Macro AUROC of the validation fold over ${epochs.length} epochs: ${ends(points, 3)}, highest ${metric(Math.max(...points.map((point) => point.y)))}.`,
    config: {
      type: 'line',
      data: {datasets: [lineDataset({label: 'validation macro AUROC', points, color: '$a'})]},
      options: chartOptions({
        title: 'Validation macro AUROC',
        scales: {x: epochAxis(epochs.length), y: valueAxis(niceRange(points.map((point) => point.y)))},
        notes: {
          labels: [{...end, text: metric(end.y), color: '$a', align: 'left', dx: 10, bold: true}],
          marks: [keptMark(epochs)].flat(),
        },
        padding: LABEL_ROOM,
        tooltip: {decimals: 4},
      }),
    },
  };
}

/** Training images per second per epoch; the axis starts at zero. */
export function throughputChart(training: TrainingFacts): Chart {
  const epochs = training.epochs;
  const points = pointsOf(epochs, (epoch) => epoch.images_per_second);
  const end = points.at(-1)!;
  return {
    id: 'throughput',
    width: CHART_WIDTH,
    height: HEIGHT,
    alt: `Training images per second over ${epochs.length} epochs: ${ends(points, 0)}.`,
    config: {
      type: 'line',
      data: {datasets: [lineDataset({label: 'images per second', points, color: '$a'})]},
      options: chartOptions({
        title: 'Training images per second',
        scales: {
          x: epochAxis(epochs.length),
          y: valueAxis(
            niceRange(
              points.map((point) => point.y),
              true,
            ),
          ),
        },
        notes: {
          labels: [
            {
              ...end,
              text: `${fixed(end.y, end.y < 10 ? 1 : 0)}/s`,
              color: '$a',
              align: 'left',
              dx: 10,
              bold: true,
            },
          ],
        },
        padding: LABEL_ROOM,
        tooltip: {decimals: 1},
      }),
    },
  };
}

/** The epoch whose weights were kept: the best one, and the last of those if several were best in their turn. */
export function keptEpoch(epochs: readonly Epoch[]): Epoch {
  const best = epochs.findLast((epoch) => epoch.is_best);
  return best ?? epochs.at(-1)!;
}

function keptMark(epochs: readonly Epoch[]): JsonObject[] {
  const {epoch} = keptEpoch(epochs);
  const left = epoch > epochs.length / 2;
  // At the very edge the line would hide in the frame and say nothing.
  if (epochs.length < 3) return [];
  return [
    {
      x: epoch,
      color: '$rule2',
      text: `kept: epoch ${epoch}`,
      align: left ? 'right' : 'left',
      textColor: '$ink3',
    },
  ];
}

function pointsOf(
  epochs: readonly Epoch[],
  value: (epoch: Epoch) => number | null,
): {x: number; y: number}[] {
  return epochs.flatMap((epoch) => {
    const y = value(epoch);
    return y === null ? [] : [{x: epoch.epoch, y}];
  });
}

/** Moves labels at line ends apart until none lies on another. */
function apart<T extends {y: number}>(
  labels: readonly T[],
  plot: {range: {min: number; max: number}; plotHeight: number},
): (T & {dy: number})[] {
  if (labels.length < 2) return labels.map((label) => ({...label, dy: 0}));
  const pixels = (value: number): number =>
    ((plot.range.max - value) / (plot.range.max - plot.range.min)) * plot.plotHeight;
  const [first, second] = [pixels(labels[0]!.y), pixels(labels[1]!.y)];
  const missing = Math.max(0, 16 - Math.abs(first - second)) / 2;
  return labels.map((label, index) => ({
    ...label,
    dy: (index === 0) === first <= second ? -missing : missing,
  }));
}

function ends(points: readonly {y: number}[], decimals: number): string {
  return `from ${fixed(points[0]!.y, decimals)} to ${fixed(points.at(-1)!.y, decimals)}`;
}
