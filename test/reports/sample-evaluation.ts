import {createHash} from 'node:crypto';
import type {
  Average,
  ClassEvaluation,
  CurvePoints,
  Estimate,
  Evaluation,
  FoldEvaluation,
} from '../../pipeline/model/evaluation.js';
import {FINDINGS} from '../../pipeline/model/findings.js';
import type {Digest} from '../../pipeline/model/stage.js';

/** One invented class: its positives, and how far apart the scores of positives and negatives lie (binormal model). */
export type SampleClass = Readonly<{positives: number; positivePatients: number; distance: number}>;

export type SampleFold = Readonly<{images: number; patients: number; classes: readonly SampleClass[]}>;

/** An invented evaluation whose curves, values and intervals fit each other, and its digests the fold. */
export function sampleEvaluation(
  folds: Readonly<{val: SampleFold; test: SampleFold}>,
  points: number,
): Evaluation {
  return {
    schema: 'pipeline/evaluation/v1',
    findings: FINDINGS,
    method: {resamples: 1000, seed: 0, level: 0.95, clusters: 'patient', interval: 'log-odds'},
    labels: {state: 'synthetic', because: 'drawn with the images'},
    folds: [foldOf('val', folds.val, points), foldOf('test', folds.test, points)],
  };
}

export function digestOf(text: string): Digest {
  return createHash('sha256').update(text).digest('hex') as Digest;
}

function foldOf(fold: 'val' | 'test', sample: SampleFold, points: number): FoldEvaluation {
  const classes = sample.classes.map((one, index) => classOf(one, FINDINGS[index]!, sample, points));
  const defined = classes.filter((one) => one.auroc.defined);
  return {
    fold,
    digests: {images: digestOf(`${fold} images`), labels: digestOf(`${fold} labels`)},
    images: sample.images,
    patients: sample.patients,
    most_images_of_a_patient: Math.min(184, sample.images),
    classes,
    averages: {
      auroc: averageOf(defined, (one) => one.auroc),
      average_precision: averageOf(defined, (one) => one.average_precision),
      classes: defined.length,
      prevalence: defined.length === 0 ? null : mean(defined.map((one) => one.prevalence)),
      incomplete_resamples: defined.filter((one) => one.positive_patients < 5).length * 90,
    },
    undefined: classes.filter((one) => !one.auroc.defined).map((one) => one.finding),
  };
}

function classOf(sample: SampleClass, finding: string, fold: SampleFold, points: number): ClassEvaluation {
  const prevalence = sample.positives / fold.images;
  const counts = {positives: sample.positives, positive_patients: sample.positivePatients, prevalence};
  if (sample.positives === 0) {
    const estimate: Estimate = {defined: false, because: '0 positives'};
    return {
      finding,
      ...counts,
      distinct_scores: fold.images,
      auroc: estimate,
      average_precision: estimate,
      roc: null,
      precision_recall: null,
    };
  }
  const roc = rocOf(sample.distance, points);
  const recall = roc.y.slice(1);
  const precision = recall.map(
    (tpr, at) => (prevalence * tpr) / (prevalence * tpr + (1 - prevalence) * roc.x[at + 1]! || 1),
  );
  const area = recall.reduce((sum, tpr, at) => sum + (tpr - (recall[at - 1] ?? 0)) * precision[at]!, 0);
  return {
    finding,
    ...counts,
    distinct_scores: fold.images,
    auroc: around(cumulative(sample.distance / Math.SQRT2), sample.positivePatients),
    average_precision: around(area, sample.positivePatients),
    roc,
    precision_recall: {x: recall.map(round), y: precision.map(round)},
  };
}

/** Hanley and McNeil's interval width for the given number of independent positives, roughly. */
function around(value: number, positives: number): Estimate {
  const half = 1.96 * Math.sqrt((value * (1 - value)) / (1.6 * positives));
  return {
    defined: true,
    value,
    low: Math.max(0, value - half),
    high: Math.min(1, value + half),
    resamples: positives < 5 ? 940 : 1000,
  };
}

function averageOf(classes: readonly ClassEvaluation[], of: (one: ClassEvaluation) => Estimate): Average {
  const values = classes.map(of).filter((estimate) => estimate.defined);
  if (values.length === 0) {
    const none: Estimate = {defined: false, because: 'no class is defined'};
    return {macro: none, micro: none, weighted: none};
  }
  const value = mean(values.map((estimate) => estimate.value));
  const half =
    Math.sqrt(values.reduce((sum, one) => sum + (one.high! - one.low!) ** 2, 0)) / (2 * values.length);
  const estimate = (shift: number): Estimate => ({
    defined: true,
    value: value + shift,
    low: value + shift - half,
    high: value + shift + half,
    resamples: 1000,
  });
  return {macro: estimate(0), micro: estimate(0.03), weighted: estimate(-0.02)};
}

function rocOf(distance: number, points: number): CurvePoints {
  const inner = Array.from({length: points - 2}, (_, index) => 4 - (8 * index) / (points - 3));
  return {
    x: [0, ...inner.map((cut) => round(1 - cumulative(cut))), 1],
    y: [0, ...inner.map((cut) => round(1 - cumulative(cut - distance))), 1],
  };
}

/** Of the standard normal distribution (Abramowitz and Stegun 7.1.26). */
function cumulative(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const tail =
    ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  const error = 1 - tail * Math.exp(-x * x);
  return (1 + Math.sign(z) * error) / 2;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function round(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
