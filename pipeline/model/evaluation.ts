import type {Fold} from './findings.js';
import type {Digest} from './stage.js';

/**
 * What `evaluation.json` holds: predictions of one model against one set of labels. Written by
 * py/chexnet/stages/evaluate.py. A value that does not exist is said to be undefined and why; it is never NaN.
 */
export type Evaluation = Readonly<{
  schema: 'pipeline/evaluation/v1';
  /** In the order of every `classes` list. */
  findings: readonly string[];
  method: IntervalMethod;
  /** Of the data set: which release its labels are of, and how that is known. Null where it does not say. */
  labels: Readonly<{state: string; because: string}> | null;
  /** The folds that were predicted: train, val, test, as far as they were. */
  folds: readonly FoldEvaluation[];
}>;

/** Intervals are symmetric in log odds, from the standard error over resamples of whole patients with all their images. */
export type IntervalMethod = Readonly<{
  resamples: number;
  seed: number;
  /** 0.95 for a 95% interval. */
  level: number;
  clusters: 'patient';
  interval: 'log-odds';
}>;

export type FoldEvaluation = Readonly<{
  fold: Fold;
  /** Runs are only compared on equal digests. Over the sorted image names, and over those with their labels. */
  digests: Readonly<{images: Digest; labels: Digest}>;
  images: number;
  patients: number;
  most_images_of_a_patient: number;
  classes: readonly ClassEvaluation[];
  averages: Averages;
  /** Findings that no average holds, because the fold has no positive (or no negative) image of them. */
  undefined: readonly string[];
}>;

export type ClassEvaluation = Readonly<{
  finding: string;
  /** Images with the finding; and patients with at least one such image. */
  positives: number;
  positive_patients: number;
  /** Share of images, 0 to 1: the average precision of a guess. */
  prevalence: number;
  /** How many different scores were given; 1 means that the model does not look at the image. */
  distinct_scores: number;
  auroc: Estimate;
  average_precision: Estimate;
  /** False-positive rate against sensitivity; null where undefined. */
  roc: CurvePoints | null;
  /** Recall against precision, one step per point (to the left of it). */
  precision_recall: CurvePoints | null;
}>;

/** Over the classes that are defined on the fold. */
export type Averages = Readonly<{
  auroc: Average;
  average_precision: Average;
  /** How many classes they hold. */
  classes: number;
  /** Of these classes together: share of (image, class) pairs that are positive. Null when there is none. */
  prevalence: number | null;
  /** Resamples in which a class that is defined on the fold had no positive or no negative left. */
  incomplete_resamples: number;
}>;

export type Average = Readonly<{
  /** Unweighted mean of the classes. */
  macro: Estimate;
  /** All (image, class) pairs ranked together. */
  micro: Estimate;
  /** Mean weighted by positives. */
  weighted: Estimate;
}>;

/**
 * `because` reads "0 positives". Low and high are null where too few `resamples` have the value, and where it is 0 or 1:
 * then it is the same in every resample, and they tell nothing.
 */
export type Estimate =
  | Readonly<{defined: true; value: number; low: number | null; high: number | null; resamples: number}>
  | Readonly<{defined: false; because: string}>;

/** At most some 120 points, from left to right; equally long. */
export type CurvePoints = Readonly<{x: readonly number[]; y: readonly number[]}>;
