import {z} from 'zod';
import type {EpochMetrics, JobEvent} from '../model/job-event.js';
import {isJsonObject, type Json, type JsonObject} from '../model/json.js';

const common = {at: z.number(), note: z.string().exactOptional()};
const whole = z.int();
const wholeOrNull = z.int().nullable();
const textOrNull = z.string().nullable();

const epochMetrics: z.ZodType<EpochMetrics> = z.strictObject({
  train_loss: z.number().nullable(),
  val_loss: z.number().nullable(),
  val_auroc_macro: z.number().nullable(),
  val_auroc_defined: whole,
  ...{learning_rate: z.number(), seconds: z.number(), train_seconds: z.number()},
  images_per_second: z.number(),
  ...{step_ms_p50: z.number(), step_ms_p95: z.number(), step_ms_max: z.number()},
  loader_stall_share: z.number(),
  peak_memory_bytes: wholeOrNull,
  skipped_steps: wholeOrNull,
  is_best: z.boolean(),
});

/** The shape of each kind of line in a job's journal; mirrors the dataclasses of py/chexnet/runtime/journal.py. */
export const jobEventKinds: {
  readonly [Kind in JobEvent['type']]: z.ZodType<Extract<JobEvent, {type: Kind}>>;
} = {
  started: z.strictObject({
    ...common,
    type: z.literal('started'),
    ...{pid: whole, ranks: whole, attempt: whole, argv: z.array(z.string())},
  }),
  device: z.strictObject({
    ...common,
    type: z.literal('device'),
    ...{name: z.string(), description: z.string(), because: z.string(), torch: z.string()},
    ...{ranks: whole, resumed_from_step: wholeOrNull, resumed_from_ranks: wholeOrNull},
  }),
  log: z.strictObject({
    ...common,
    type: z.literal('log'),
    ...{rank: whole, stream: z.enum(['stdout', 'stderr']), line: z.string()},
  }),
  warning: z.strictObject({
    ...common,
    type: z.literal('warning'),
    text: z.string(),
  }),
  progress: z.strictObject({
    ...common,
    type: z.literal('progress'),
    ...{done: whole, total: whole, unit: z.string()},
  }),
  steps: z.strictObject({
    ...common,
    type: z.literal('steps'),
    ...{epoch: whole, first_step: whole},
    losses: z.array(z.number().nullable()),
    step_seconds: z.array(z.number()),
    ...{images: whole, learning_rate: z.number()},
  }),
  epoch: z.strictObject({
    ...common,
    type: z.literal('epoch'),
    ...{epoch: whole, of: whole, metrics: epochMetrics},
  }),
  checkpoint: z.strictObject({
    ...common,
    type: z.literal('checkpoint'),
    ...{step: whole, epoch: whole, path: z.string(), sha256: z.string(), bytes: whole},
  }),
  summary: z.strictObject({
    ...common,
    type: z.literal('summary'),
    facts: z.custom<JsonObject>((value) => isJsonObject(value as Json | undefined), 'must be an object'),
  }),
  exited: z.strictObject({
    ...common,
    type: z.literal('exited'),
    ...{code: wholeOrNull, signal: textOrNull, rank: wholeOrNull},
    error: z
      .strictObject({type: z.string(), message: z.string(), traceback: z.string(), hint: textOrNull})
      .nullable(),
    rank_exits: z.array(
      z.strictObject({
        ...{rank: whole, code: wholeOrNull, signal: textOrNull},
        error: z.strictObject({type: z.string(), message: z.string()}).nullable(),
      }),
    ),
  }),
};
