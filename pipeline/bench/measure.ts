import type {JobEvent} from '../model/job-event.js';
import {err, ok, type Result} from '../model/result.js';
import type {BenchRecord} from './record.js';

/** What the events of a training tell about its speed and its losses. */
export type Measured = Pick<
  BenchRecord,
  'seconds' | 'rate' | 'step_ms' | 'loader_stall_share' | 'peak_memory_bytes' | 'losses' | 'validation'
> &
  Readonly<{
    device: Extract<JobEvent, {type: 'device'}>;
    images: number;
    epochs: number;
    validatedImages: number;
  }>;

/**
 * Times are the differences of what the journal notes, in order: each event ends the work that it tells of. Only steps
 * bring their own times, from the device's clock.
 * @param events - Of the whole job.
 * @returns why this is no measurement, in words: it was interrupted, or it tells of no step.
 */
export function measure(
  events: readonly JobEvent[],
  {cropsPerImage}: {cropsPerImage: number},
): Result<Measured, string> {
  const started = events.filter(({type}) => type === 'started');
  const device = find(events, 'device');
  if (started.length > 1 || (device?.resumed_from_step ?? null) !== null)
    return err('the training was interrupted and went on from a checkpoint: its time is no measurement');
  const steps = events.filter((event) => event.type === 'steps');
  const epochs = events.filter((event) => event.type === 'epoch').map(({metrics}) => metrics);
  if (device === undefined || steps.length === 0 || epochs.length === 0)
    return err('the training told of no step');
  const seconds = parts(events);
  const images = sum(steps.map((event) => event.images));
  const milliseconds = steps.flatMap(({step_seconds}) => step_seconds.map((value) => 1000 * value));
  const peaks = epochs.flatMap(({peak_memory_bytes: peak}) => (peak === null ? [] : [peak]));
  const stalled = sum(epochs.map((epoch) => epoch.loader_stall_share * epoch.train_seconds));
  const perSecond = seconds.training > 0 ? images / seconds.training : 0;
  const last = epochs.at(-1)!;
  return ok({
    device,
    images,
    epochs: epochs.length,
    validatedImages: Number(find(events, 'summary')?.facts['val_images'] ?? Number.NaN),
    seconds: rounded(seconds),
    rate: {images_per_second: round(perSecond), crops_per_second: round(perSecond * cropsPerImage)},
    step_ms: {
      p50: percentile(milliseconds, 0.5),
      p95: percentile(milliseconds, 0.95),
      max: percentile(milliseconds, 1),
    },
    loader_stall_share: round(stalled / sum(epochs.map((epoch) => epoch.train_seconds))),
    peak_memory_bytes: peaks.length === 0 ? null : Math.max(...peaks),
    losses: steps.flatMap(({losses}) => losses),
    validation: {loss: last.val_loss, auroc_macro: last.val_auroc_macro},
  });
}

/** Where the seconds went: the time since the event before belongs to what the event tells of. */
function parts(events: readonly JobEvent[]): BenchRecord['seconds'] {
  const spent = {start: 0, training: 0, validation: 0, checkpoints: 0, rest: 0};
  const [first, last] = [events[0]!.at, events.at(-1)!.at];
  let [at, isTraining] = [first, false];
  for (const event of events) {
    const since = event.at - at;
    switch (event.type) {
      case 'steps': {
        const taken = sum(event.step_seconds);
        spent.training += taken;
        spent[isTraining ? 'rest' : 'start'] += Math.max(0, since - taken);
        isTraining = true;
        break;
      }
      case 'epoch':
        spent.validation += since;
        break;
      case 'checkpoint':
        spent.checkpoints += since;
        break;
      case 'exited':
        spent.rest += since;
        break;
      default:
        // News of no work of its own: the time goes to what comes next.
        continue;
    }
    at = event.at;
  }
  return {total: last - first, ...spent};
}

function find<Type extends JobEvent['type']>(
  events: readonly JobEvent[],
  type: Type,
): Extract<JobEvent, {type: Type}> | undefined {
  return events.find((event): event is Extract<JobEvent, {type: Type}> => event.type === type);
}

/** The smallest value that at least this share of the values does not exceed. */
function percentile(values: readonly number[], share: number): number {
  const ordered = values.toSorted((one, other) => one - other);
  return round(ordered[Math.max(0, Math.ceil(share * ordered.length) - 1)]!);
}

function rounded(seconds: BenchRecord['seconds']): BenchRecord['seconds'] {
  const {total, start, training, validation, checkpoints, rest} = seconds;
  return {
    ...{total: round(total), start: round(start), training: round(training)},
    ...{validation: round(validation), checkpoints: round(checkpoints), rest: round(rest)},
  };
}

function round(value: number): number {
  return Number(value.toPrecision(6));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
