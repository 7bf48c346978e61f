import type {Estimate} from './evaluation.js';
import type {StageId} from './identity.js';
import type {MatrixValue} from './member.js';

/** What `leaderboard.json` holds: models beside one another, ranked by the validation fold alone. */
export type Leaderboard = Readonly<{
  schema: 'pipeline/leaderboard/v1';
  /** In words, for whoever reads only this file. */
  ranking: string;
  /** The parameters that differ between the models by a matrix, dotted, in order. */
  varied: readonly string[];
  /** Ranked ones first, the best of them at the top. */
  rows: readonly LeaderboardRow[];
  /** Ranked members of one stage that differ by their seed alone, the best mean on the validation fold first; none without seeds. */
  groups: readonly SeedGroup[];
}>;

export type LeaderboardRow = Readonly<{
  /** From 1; equal scores have the same. Null when it is not ranked. */
  rank: number | null;
  unranked_because: string | null;
  model: StageId;
  /** Null when nobody scored it. */
  evaluation: StageId | null;
  values: Readonly<Record<string, MatrixValue>>;
  val: FoldScore | null;
  test: FoldScore | null;
  /** Of the training; the epoch and its loss are those of the weights that were kept. */
  best_epoch: number | null;
  epochs: number;
  train_loss: number | null;
  seconds: number;
  images_per_second: number | null;
  device: string;
  ranks: number;
}>;

export type FoldScore = Readonly<{images: number; macro_auroc: Estimate; macro_average_precision: Estimate}>;

export type SeedGroup = Readonly<{
  /** The stage whose matrix varies the seed. */
  of: string;
  /** Those that its members have in common. */
  values: Readonly<Record<string, MatrixValue>>;
  seeds: readonly MatrixValue[];
  models: readonly StageId[];
  /** Of the macro AUROC. */
  val: Spread;
  test: Spread;
}>;

/** `n` counts the models whose value is defined; without any there is nothing else. `sd` is of a sample, n - 1. */
export type Spread =
  | Readonly<{n: 0}>
  | Readonly<{
      n: number;
      mean: number;
      sd: Readonly<{defined: true; value: number}> | Readonly<{defined: false; because: string}>;
      min: number;
      max: number;
    }>;
