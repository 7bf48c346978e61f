import assert from 'node:assert/strict';
import {benchRecord} from '../../pipeline/bench/build.js';
import {type Measured, measure} from '../../pipeline/bench/measure.js';
import {benchRecordShape} from '../../pipeline/bench/record.js';
import type {EpochMetrics, JobEvent} from '../../pipeline/model/job-event.js';

const METRICS: EpochMetrics = {
  ...{train_loss: 0.3, val_loss: 0.25, val_auroc_macro: 0.7, val_auroc_defined: 14, learning_rate: 0.01},
  ...{seconds: 13, train_seconds: 9, images_per_second: 4, step_ms_p50: 2000, step_ms_p95: 3000},
  ...{step_ms_max: 3000, loader_stall_share: 0.1, peak_memory_bytes: 1000, skipped_steps: 0, is_best: true},
};
const DEVICE = {
  type: 'device',
  ...{name: 'cpu', description: 'A processor', because: 'auto', torch: '2.13.0', ranks: 1},
  ...{resumed_from_step: null, resumed_from_ranks: null},
} as const;
const steps = (at: number, first_step: number, step_seconds: number[]): JobEvent => ({
  ...{type: 'steps', at, epoch: 1, first_step, step_seconds, learning_rate: 0.01},
  losses: step_seconds.map((_, index) => first_step + index),
  images: 8 * step_seconds.length,
});
const checkpoint = (at: number): JobEvent => ({
  ...{type: 'checkpoint', at, step: 2, epoch: 1, path: 'checkpoint', sha256: 'a'.repeat(64), bytes: 1},
});

/** Started at 100; the first step began at 107 and took 3 s; a checkpoint within the epoch took 1 s, the last one 2 s. */
const EVENTS: readonly JobEvent[] = [
  {type: 'started', at: 100, pid: 1, ranks: 1, attempt: 1, argv: []},
  {...DEVICE, at: 103},
  steps(112, 1, [3, 2]),
  {type: 'progress', at: 112, done: 2, total: 4, unit: 'steps'},
  checkpoint(113),
  steps(117.5, 3, [2, 2]),
  {type: 'epoch', at: 120, epoch: 1, of: 1, metrics: METRICS},
  checkpoint(122),
  {type: 'summary', at: 122.5, facts: {val_images: 5}},
  {type: 'exited', at: 123, code: 0, signal: null, rank: null, error: null, rank_exits: []},
];

describe('what the events of a training tell', () => {
  it('is where its seconds went, and that they are all there', () => {
    const measured = measure(EVENTS, {cropsPerImage: 10});
    assert.ok(measured.ok);
    const {seconds, rate, step_ms, losses, validation} = measured.value;
    assert.deepEqual(seconds, {
      ...{total: 23, start: 7, training: 9, validation: 2.5, checkpoints: 3, rest: 1.5},
    });
    assert.deepEqual(rate, {images_per_second: 3.55556, crops_per_second: 35.5556});
    assert.deepEqual(step_ms, {p50: 2000, p95: 3000, max: 3000});
    assert.deepEqual(losses, [1, 2, 3, 4]);
    assert.deepEqual(validation, {loss: 0.25, auroc_macro: 0.7});
    const {images, epochs, validatedImages, loader_stall_share, peak_memory_bytes} = measured.value;
    assert.deepEqual([images, epochs, validatedImages], [32, 1, 5]);
    assert.deepEqual([loader_stall_share, peak_memory_bytes], [0.1, 1000]);
  });

  it('is no measurement of a training that was interrupted, or has told of no step', () => {
    const because = (events: readonly JobEvent[]): string => {
      const measured = measure(events, {cropsPerImage: 1});
      return measured.ok ? '' : measured.error;
    };
    const resumed = EVENTS.map((event) =>
      event.type === 'device' ? {...event, resumed_from_step: 2} : event,
    );
    assert.match(because(resumed), /went on from a checkpoint: its time is no measurement/);
    assert.match(because([...EVENTS.slice(0, 5), ...EVENTS]), /went on from a checkpoint/);
    assert.equal(because(EVENTS.slice(0, 2)), 'the training told of no step');
  });
});

describe('the record of a measured training', () => {
  const measured = measure(EVENTS, {cropsPerImage: 1});
  assert.ok(measured.ok);
  const made = (changed: Partial<Measured>) =>
    benchRecord({
      ...{finishedAt: '2026-01-02T03:04:05.678Z', run: 'calm-rib', host: 'one', version: '0.1.0'},
      environment: {
        ...{node: '20.19.0', distribution: 'Some Linux', platform: 'linux', processor: 'A processor'},
        ...{cores: 2, memory_bytes: 1, source: {commit: 'c0ffee', uncommitted: true}},
        python: {
          origin: 'python:',
          packages: {torch: '2.9.0', 'habana-torch-plugin': '1.23.0', pillow: '12.0'},
        },
      },
      ...{
        driver: null,
        energy: undefined,
        work: {digest: 'a', parts: {}},
        params: {ten_crop: false, seed: 0},
      },
      measured: {...measured.value, ...changed},
    });
  const record = (description: string) => {
    const built = made({device: {...measured.value.device, description}});
    assert.ok(built.ok);
    return built.value;
  };

  it('has what the device depends on, and nothing that is not known', () => {
    const written = record('A processor');
    assert.deepEqual(benchRecordShape.parse(JSON.parse(JSON.stringify(written))), written);
    assert.deepEqual(written.software.packages, {torch: '2.9.0', 'habana-torch-plugin': '1.23.0'});
    assert.deepEqual(written.program, {version: '0.1.0', commit: 'c0ffee', uncommitted: true});
    assert.ok(!('energy' in written));
    assert.equal(written.device.emulated, false);
  });

  it('says of a device that calls itself emulated that it is', () => {
    assert.equal(record('emulated hpu (tests only), eager mode').device.emulated, true);
  });

  it('is none with a number that is none, and the fault says which', () => {
    const refused = made({loader_stall_share: Number.NaN});
    assert.ok(!refused.ok);
    assert.deepEqual(
      refused.error.map(({message}) => message),
      [
        'no record can be made of this training: loader_stall_share: Invalid input: expected number, received NaN',
      ],
    );
  });
});
