import type {JsonObject} from '../../pipeline/model/json.js';
import type {Chart} from '../charts.js';
import type {PerPatientFacts} from '../data-facts.js';
import {percent, spanOf} from '../numbers.js';
import {axisTitle, CHART_WIDTH, chartOptions} from './axes.js';

/** How many patients have how many images, beside how many of all images these are. */
export function perPatientChart({bins}: PerPatientFacts): Chart {
  const [patients, images] = [total(bins, 'patients'), total(bins, 'images')];
  const shares = bins.map((bin) => ({patients: bin.patients / patients, images: bin.images / images}));
  const bars = (key: 'patients' | 'images', color: string): JsonObject => ({
    label: `of ${key}, %`,
    data: shares.map((share) => 100 * share[key]),
    backgroundColor: key === 'patients' ? color : '$paper',
    ...{borderColor: color, borderWidth: 1.5, borderSkipped: false, barThickness: 10, minBarLength: 2},
  });
  const label = (key: 'patients' | 'images', row: number): JsonObject => ({
    ...{x: 100 * shares[row]![key], y: row, dx: 6, dy: key === 'patients' ? -6.5 : 6.5, size: 11},
    text: `${percent(shares[row]![key])}%${row === 0 ? ` of ${key}` : ''}`,
    ...{color: key === 'patients' ? '$a' : '$b', align: 'left', bold: row === 0},
  });
  return {
    id: 'per-patient',
    width: CHART_WIDTH,
    height: 76 + 34 * bins.length,
    alt: `Images per patient: ${bins.map((bin, row) => `${spanOf(bin)}: ${percent(shares[row]!.patients)}% of patients, ${percent(shares[row]!.images)}% of images`).join('; ')}.`,
    config: {
      type: 'bar',
      data: {labels: bins.map(spanOf), datasets: [bars('patients', '$a'), bars('images', '$b')]},
      options: {
        ...chartOptions({
          title: 'Images per patient: share of patients and of images',
          scales: perPatientScales(),
          notes: {labels: bins.flatMap((_, row) => [label('patients', row), label('images', row)])},
          padding: {top: 2, right: 110, bottom: 0, left: 0},
          tooltip: {decimals: 1},
        }),
        indexAxis: 'y',
        interaction: {mode: 'index', axis: 'y', intersect: false},
      },
    },
  };
}

function perPatientScales(): JsonObject {
  return {
    x: {
      type: 'linear',
      ...{min: 0, max: 100},
      border: {color: '$rule2'},
      grid: {color: '$rule', tickColor: '$rule2', tickLength: 5},
      ticks: {color: '$ink2', stepSize: 25, maxRotation: 0},
      title: axisTitle('%'),
    },
    y: {
      type: 'category',
      border: {color: '$rule2'},
      grid: {display: false},
      ticks: {color: '$ink2', autoSkip: false, padding: 6},
    },
  };
}

function total(bins: PerPatientFacts['bins'], key: 'patients' | 'images'): number {
  return Math.max(
    1,
    bins.reduce((sum, bin) => sum + bin[key], 0),
  );
}
