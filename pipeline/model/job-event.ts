import type {JsonObject} from './json.js';

/**
 * One line of a job's journal: what a distributed job says about itself. Times are Unix seconds, durations seconds.
 * Rank 0 and the agent append them; line number = sequence number, from 1. Mirrored by py/chexnet/runtime/journal.py.
 * A value that is not finite is written as null with a `note` beside it, never as NaN.
 */
export type JobEvent = Readonly<{at: number; note?: string}> &
  (
    | Readonly<{type: 'started'; pid: number; ranks: number; attempt: number; argv: readonly string[]}>
    | Readonly<{
        type: 'device';
        name: string;
        description: string;
        because: string;
        torch: string;
        ranks: number;
        resumed_from_step: number | null;
        /** Of the attempt that wrote the checkpoint; other than `ranks`: the result is not bit-equal. */
        resumed_from_ranks: number | null;
      }>
    | Readonly<{type: 'log'; rank: number; stream: 'stdout' | 'stderr'; line: string}>
    /** Something that people should know of although the job goes on. */
    | Readonly<{type: 'warning'; text: string}>
    | Readonly<{type: 'progress'; done: number; total: number; unit: string}>
    | Readonly<{
        type: 'steps';
        epoch: number;
        first_step: number;
        losses: readonly (number | null)[];
        step_seconds: readonly number[];
        images: number;
        learning_rate: number;
      }>
    | Readonly<{type: 'epoch'; epoch: number; of: number; metrics: EpochMetrics}>
    | Readonly<{type: 'checkpoint'; step: number; epoch: number; path: string; sha256: string; bytes: number}>
    | Readonly<{type: 'summary'; facts: JsonObject}>
    | Readonly<{
        type: 'exited';
        code: number | null;
        signal: string | null;
        rank: number | null;
        error: JobError | null;
        /** Of every rank, also of an attempt that went well. */
        rank_exits: readonly RankExit[];
      }>
  );

/** How one rank ended. Neither `code` nor `signal`: nobody saw it. */
export type RankExit = Readonly<{
  rank: number;
  code: number | null;
  signal: string | null;
  /** What it says itself, in one line; `type` is the exception's class, LOST_PEER or NO_ANSWER. */
  error: Readonly<{type: string; message: string}> | null;
}>;

/** In place of an exception's class: the rank only noticed that another one was gone. */
export const LOST_PEER = 'LostPeer';
/** The others waited for this rank in vain. */
export const NO_ANSWER = 'NoAnswer';

export type JobError = Readonly<{type: string; message: string; traceback: string; hint: string | null}>;

/** One row of history.csv. Loss is the mean BCE per image and finding; AUROC is macro over the findings that are defined. */
export type EpochMetrics = Readonly<{
  train_loss: number | null;
  val_loss: number | null;
  val_auroc_macro: number | null;
  val_auroc_defined: number;
  learning_rate: number;
  seconds: number;
  train_seconds: number;
  images_per_second: number;
  step_ms_p50: number;
  step_ms_p95: number;
  step_ms_max: number;
  /** Share of training time that the loop waited for input, 0 to 1. */
  loader_stall_share: number;
  peak_memory_bytes: number | null;
  /** Steps that fp16 left out because a gradient overflowed; null in other precisions. */
  skipped_steps: number | null;
  is_best: boolean;
}>;
