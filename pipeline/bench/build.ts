import {type Diagnostic, fault} from '../model/diagnostic.js';
import type {JsonObject} from '../model/json.js';
import {err, ok, type Result} from '../model/result.js';
import type {Measured} from './measure.js';
import {BENCH_SCHEMA, type BenchRecord, benchRecordShape} from './record.js';
import {settingsOf} from './work.js';

/** What a record is made of. `environment` is environment.json of the run. */
export type Facts = Readonly<{
  finishedAt: string;
  run: string;
  host: string;
  version: string;
  environment: JsonObject;
  driver: string | null;
  energy: BenchRecord['energy'];
  work: BenchRecord['work'];
  /** All parameters of the training. */
  params: JsonObject;
  measured: Measured;
}>;

/**
 * The record of a measured training. Nothing that was not measured is in it.
 * @returns what of it `compare` would refuse: as JSON, a number that is none would turn into null.
 */
export function benchRecord(facts: Facts): Result<BenchRecord, readonly Diagnostic[]> {
  const record = recordOf(facts);
  const checked = benchRecordShape.safeParse(record);
  if (checked.success) return ok(record);
  return err(
    checked.error.issues.map(({path, message}) =>
      fault(`no record can be made of this training: ${path.join('.')}: ${message}`, null),
    ),
  );
}

function recordOf(facts: Facts): BenchRecord {
  const {environment, measured, params, energy} = facts;
  const {device} = measured;
  const source = (environment['source'] ?? {}) as Readonly<{
    commit?: string | null;
    uncommitted?: boolean | null;
  }>;
  return {
    schema: BENCH_SCHEMA,
    finished_at: facts.finishedAt,
    run: facts.run,
    program: {
      version: facts.version,
      commit: source.commit ?? null,
      uncommitted: source.uncommitted ?? null,
    },
    host: hostFacts(facts.host, environment),
    device: {
      name: device.name,
      description: device.description,
      emulated: /\bemulated\b/i.test(device.description),
      chosen_because: device.because,
      driver: facts.driver,
    },
    software: softwareFacts(device.torch, environment),
    work: facts.work,
    settings: {...settingsOf(params), ranks: device.ranks},
    count: {
      images: measured.images,
      crops_per_image: cropsPerImage(params),
      steps: measured.losses.length,
      epochs: measured.epochs,
      validated_images: measured.validatedImages,
    },
    ...{seconds: measured.seconds, rate: measured.rate, step_ms: measured.step_ms},
    ...{loader_stall_share: measured.loader_stall_share, peak_memory_bytes: measured.peak_memory_bytes},
    ...(energy === undefined ? {} : {energy}),
    ...{losses: measured.losses, validation: measured.validation},
  };
}

export function cropsPerImage(params: JsonObject): number {
  return params['ten_crop'] === true ? 10 : 1;
}

function hostFacts(name: string, environment: JsonObject): BenchRecord['host'] {
  const words = ['distribution', 'platform', 'kernel', 'architecture'].flatMap((key) =>
    typeof environment[key] === 'string' ? [environment[key]] : [],
  );
  const {processor, cores, memory_bytes} = environment;
  return {
    name,
    system: words.join(', '),
    processor: typeof processor === 'string' ? processor : null,
    cores: Number(cores),
    memory_bytes: Number(memory_bytes),
  };
}

/** Distributions that a device's speed and results depend on. */
const TELLING = /^(torch|numpy|triton|nvidia-.*|habana.*|intel-extension.*|oneccl.*|pytorch.*)$/;

function softwareFacts(torch: string, environment: JsonObject): BenchRecord['software'] {
  const python = (environment['python'] ?? {}) as Readonly<{
    origin?: string;
    packages?: Readonly<Record<string, string>> | null;
  }>;
  const packages = Object.entries(python.packages ?? {}).filter(([name]) => TELLING.test(name));
  return {
    torch,
    node: String(environment['node']),
    python: python.origin ?? null,
    packages: Object.fromEntries(packages),
  };
}
