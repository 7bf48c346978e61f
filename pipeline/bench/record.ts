import {z} from 'zod';

export const BENCH_SCHEMA = 'chexnet/bench-train/v1';

const amount = z.number().min(0);
const count = z.int().min(0);
const json: z.ZodType<Readonly<Record<string, unknown>>> = z.record(z.string(), z.unknown());

/**
 * A measured training, as `bench train` writes it. What was not measured is null or left out, never guessed. Times are
 * seconds. `work` is everything that is not the device: two records with the same `work.digest` trained the same.
 */
export const benchRecordShape = z.object({
  schema: z.literal(BENCH_SCHEMA),
  finished_at: z.iso.datetime(),
  run: z.string(),
  program: z.object({
    version: z.string(),
    commit: z.string().nullable(),
    uncommitted: z.boolean().nullable(),
  }),
  host: z.object({
    name: z.string(),
    system: z.string(),
    processor: z.string().nullable(),
    cores: count,
    memory_bytes: count,
  }),
  device: z.object({
    name: z.string(),
    description: z.string(),
    /** A stand-in for the device of that name: its times say nothing about the real one. */
    emulated: z.boolean(),
    chosen_because: z.string(),
    driver: z.string().nullable(),
  }),
  software: z.object({
    torch: z.string(),
    node: z.string(),
    python: z.string().nullable(),
    packages: z.record(z.string(), z.string()),
  }),
  work: z.object({digest: z.string(), parts: json}),
  /** How it was computed: ranks, precision, … */
  settings: json,
  count: z.object({
    images: count,
    crops_per_image: z.int().min(1),
    steps: z.int().min(1),
    epochs: z.int().min(1),
    validated_images: count,
  }),
  seconds: z.object({
    total: amount,
    start: amount,
    training: amount,
    validation: amount,
    checkpoints: amount,
    rest: amount,
  }),
  rate: z.object({images_per_second: amount, crops_per_second: amount}),
  step_ms: z.object({p50: amount, p95: amount, max: amount}),
  loader_stall_share: amount,
  peak_memory_bytes: count.nullable(),
  /** What the devices drew from when they were taken (`device` of the journal) to the last step; left out where their tool does not tell. */
  energy: z.object({joules: amount, mean_watts: amount, samples: count, source: z.string()}).optional(),
  /** Of every step, from the first; null where it was not finite. */
  losses: z.array(z.number().nullable()).min(1),
  validation: z.object({loss: z.number().nullable(), auroc_macro: z.number().nullable()}),
});

export type BenchRecord = Readonly<z.output<typeof benchRecordShape>>;

/** In the folder of the run that was measured. */
export const BENCH_FILE = 'bench-train.json';
