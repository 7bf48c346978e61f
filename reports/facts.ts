import type {Evaluation} from '../pipeline/model/evaluation.js';
import type {EpochMetrics} from '../pipeline/model/job-event.js';
import type {Json} from '../pipeline/model/json.js';
import type {DescribedData, ImageFacts, SplitFacts} from './data-facts.js';

/**
 * Everything a run report says, as one JSON document; the page is a function of it alone. pipeline/stages/report
 * gathers it from artifacts and the run folder. Shares are 0 to 1, times ISO 8601 in UTC, digests lower-case SHA-256.
 */
export type ReportFacts = Readonly<{
  schema: 'pipeline/report-facts/v1';
  title: string;
  run: RunFacts;
  data: DescribedData['data'];
  content: DescribedData['content'];
  split: SplitFacts;
  images: ImageFacts;
  training: TrainingFacts;
  evaluation: Evaluation;
  /** In the order of the graph. */
  stages: readonly StageFacts[];
  settings: readonly SettingFact[];
  config: Readonly<{
    file: string;
    digest: string /** As resolved, YAML; null when the run kept none. */;
    text: string | null;
  }>;
  /** Null when the run recorded none. */
  environment: EnvironmentFacts | null;
}>;

export type RunFacts = Readonly<{
  name: string;
  pipeline: string;
  message: string | null;
  startedAt: string;
  argv: readonly string[];
}>;

export type TrainingFacts = Readonly<{
  /** In words: `DenseNet-121`; what was minimised. */
  network: string;
  loss: string;
  /** Epochs count from 1. */
  epochs: readonly (EpochMetrics & Readonly<{epoch: number}>)[];
  /** The long fields are null when the journal of the run that trained is gone. */
  device: Readonly<{
    name: string;
    ranks: number;
    description: string | null;
    because: string | null;
    torch: string | null;
  }>;
  /** As the training counted them: seen by it, and of its folds not in the data set. Null where it did not say. */
  images: Readonly<{train: number; val: number; notAtHand: number}> | null;
  /** The weights that it began with, for people; null for random ones. `knowsFindings`: they were made for these 14. */
  startedFrom: Readonly<{name: string; knowsFindings: boolean}> | null;
  /** Steps after which an earlier attempt was taken up again, one per resume. */
  resumedFromSteps: readonly number[];
  /** How its attempts ended that did not end well, in order. */
  interruptions: readonly string[];
  /** `resumed on 2 ranks after 1 rank from step 40`: every change of the number of ranks on the way. */
  otherRanks: readonly string[];
  /** Null for a training of few steps. */
  losses: LossTrend | null;
}>;

/**
 * Means of the training loss over the first and the last tenth of all steps; `rise`: how much higher its mean is over
 * the second half of the last third than over the first half of it, `noise`: the standard error of that.
 */
export type LossTrend = Readonly<{steps: number; first: number; last: number; rise: number; noise: number}>;

export type StageFacts = Readonly<{
  id: string;
  uses: string;
  /** What this run decided, and why. */
  action: 'skip' | 'restore' | 'run';
  because: readonly string[];
  /** Of the artifact: the run that made it, and how long that took. Null for the report itself. */
  artifact: ArtifactFacts | null;
}>;

export type ArtifactFacts = Readonly<{
  type: string;
  fingerprint: string;
  output: string;
  run: string;
  finishedAt: string;
  seconds: number;
  attempt: number;
  resumedFromAttempt: number | null;
  tainted: readonly string[];
  files: number;
  bytes: number;
}>;

/** One parameter of a stage; `path` is dotted and begins with the stage's id. `origin` reads `demo.yaml:41` or `default`. */
export type SettingFact = Readonly<{path: string; value: Json; origin: string | null}>;

export type EnvironmentFacts = Readonly<{
  /** Short name, short text: Python, torch, processor … */
  rows: readonly Readonly<{name: string; text: string}>[];
  source: Readonly<{
    commit: string | null;
    uncommitted: boolean /** Size of source.patch. */;
    patchLines: number;
  }> | null;
}>;
