import assert from 'node:assert/strict';
import {renderLine} from '../../pipeline/show/line.js';
import {EMPTY_LOG, logEvent, type Verbosity} from '../../pipeline/show/lines.js';
import {
  begun,
  cancelled,
  decided,
  eventsOf,
  failed,
  finished,
  job,
  METRICS,
  note,
  OUT_OF_MEMORY,
  output,
  progress,
  ran,
  reused,
  started,
  type Timed,
} from './events.js';

const EXITS = [
  {rank: 0, code: 1, signal: null, error: {type: 'LostPeer', message: 'closed'}},
  {rank: 1, code: 1, signal: null, error: {type: 'ValueError', message: 'no'}},
];

function logged(timed: readonly Timed[], verbosity: Verbosity = 0): string {
  let log = EMPTY_LOG;
  const lines = eventsOf(timed).flatMap((event) => {
    const next = logEvent(log, event, verbosity);
    log = next.log;
    return next.lines;
  });
  return `\n${lines.map((line) => `${renderLine(line, false)}\n`).join('')}`;
}

const RUN: readonly Timed[] = [
  [0, started('dataset', 'preprocess', 'train', 'report')],
  [0, decided('dataset', 'skip', 'unchanged')],
  [0, reused('dataset', 'skipped')],
  [0, decided('preprocess', 'run', 'size 224 → 256 (demo.yaml:22)', 'seed 1 → 2 (demo.yaml:23)')],
  [0, begun('preprocess')],
  [1, note('preprocess', 'a.png is truncated and goes to quarantine', 'warning')],
  [4, ran('preprocess', 4.12, {images: 599, quarantined: 1, bytes: 39_321_600})],
  [4, decided('train', 'run', 'needs preprocess, which runs')],
  [5, begun('train', 2)],
  [6, note('train', 'installing torch 2.13.0')],
  [8, job('train', {type: 'started', pid: 77, ranks: 2, attempt: 2, argv: ['python', '-m', 'x']})],
  [
    8,
    job('train', {
      type: 'device',
      name: 'cpu',
      description: '2 cores',
      because: 'nothing faster is here',
      torch: '2.13.0',
      ranks: 2,
      resumed_from_step: 20,
      resumed_from_ranks: 3,
    }),
  ],
  [9, output('train', '\u001b[31mred\u001b[0m\tbell\u0007\nsecond\r\n', 1)],
  [9, job('train', {type: 'warning', text: 'the disk is full'})],
  [9, job('train', {type: 'log', rank: 0, stream: 'stderr', line: '10%\r20%'})],
  [
    10,
    job('train', {
      type: 'steps',
      epoch: 1,
      first_step: 1,
      losses: [0.5, 0.41234],
      step_seconds: [0.1, 0.1],
      images: 64,
      learning_rate: 3e-4,
    }),
  ],
  [20, job('train', {type: 'epoch', epoch: 1, of: 3, metrics: METRICS})],
  [
    20,
    job('train', {type: 'checkpoint', step: 20, epoch: 1, path: 'last.pt', sha256: 'x', bytes: 29_000_000}),
  ],
  [21, job('train', {type: 'exited', code: 1, signal: null, rank: 1, error: null, rank_exits: EXITS})],
];
const FAILURE: readonly Timed[] = [
  [21, failed('train', 16.4, OUT_OF_MEMORY)],
  [21, cancelled('report', {needs: 'train' as never, isSelected: true})],
  [3723, finished('failed', 3723)],
];

describe('The lines of a run that are only appended', () => {
  it('tell its decisions, starts, ends, epochs and warnings', () => {
    assert.equal(
      logged([...RUN, ...FAILURE]),
      `
demo: run brave-otter of 4 stages (configs/demo.yaml)
   0:00  dataset     SKIP       unchanged
   0:00  preprocess  RUN        size 224 → 256 (demo.yaml:22); seed 1 → 2 (demo.yaml:23)
   0:00  preprocess  started
   0:01  preprocess  warning    a.png is truncated and goes to quarantine
   0:04  preprocess  ran        4.1 s · 599 images · quarantined 1 · 39 MB
   0:04  train       RUN        needs preprocess, which runs
   0:05  train       started    attempt 2
   0:06  train       installing torch 2.13.0
   0:08  train       2 ranks on cpu (2 cores), from step 20 of 3 ranks: not bit-equal, torch 2.13.0: nothing faster is here
   0:09  train       warning    the disk is full
   0:20  train       epoch 1/3  loss 0.3012 · val loss 0.2892 · val AUROC 0.702 (best) · 431 images/s · 12 s
   0:21  train       FAILED     after 16 s: rank 1 of chexnet.training.train ended with exit code 1: CUDA out of memory
   0:21  report      cancelled  needs train, which did not succeed
failed in 1 h 02 min: 1 skipped, 1 ran, 1 failed, 1 cancelled
`,
    );
  });

  it('tell what stages print with -v', () => {
    assert.equal(logged(RUN.slice(8), 1), '\n');
    assert.equal(
      logged([RUN[0]!, ...RUN.slice(9)], 1),
      `
demo: run brave-otter of 4 stages (configs/demo.yaml)
   0:06  train       installing torch 2.13.0
   0:08  train       2 ranks on cpu (2 cores), from step 20 of 3 ranks: not bit-equal, torch 2.13.0: nothing faster is here
   0:09  train       1 │ red     bell\\x07
   0:09  train       1 │ second
   0:09  train       warning    the disk is full
   0:09  train       0 │ 20%
   0:20  train       epoch 1/3  loss 0.3012 · val loss 0.2892 · val AUROC 0.702 (best) · 431 images/s · 12 s
   0:20  train       checkpoint at step 20: 29 MB
`,
    );
  });

  it('tell everything with -vv', () => {
    assert.equal(
      logged([RUN[0]!, ...RUN.slice(9)], 2),
      `
demo: run brave-otter of 4 stages (configs/demo.yaml)
   0:06  train       installing torch 2.13.0
   0:08  train       attempt 2 has pid 77: python -m x
   0:08  train       2 ranks on cpu (2 cores), from step 20 of 3 ranks: not bit-equal, torch 2.13.0: nothing faster is here
   0:09  train       1 │ red     bell\\x07
   0:09  train       1 │ second
   0:09  train       warning    the disk is full
   0:09  train       0 │ 20%
   0:10  train       step 2: loss 0.4123, lr 3e-4
   0:20  train       epoch 1/3  loss 0.3012 · val loss 0.2892 · val AUROC 0.702 (best) · 431 images/s · 12 s
   0:20  train       checkpoint at step 20: 29 MB
   0:21  train       exited with code 1: rank 0 lost its peer; rank 1 failed (ValueError)
`,
    );
  });

  it('tell failures alone with -q', () => {
    assert.equal(
      logged([...RUN, ...FAILURE], -1),
      `
   0:21  train       FAILED     after 16 s: rank 1 of chexnet.training.train ended with exit code 1: CUDA out of memory
failed in 1 h 02 min: 1 skipped, 1 ran, 1 failed, 1 cancelled
`,
    );
    assert.equal(logged([...RUN, [30, finished('succeeded', 30)]], -1), '\n');
  });

  it('tell of inputs that moved, of interruptions and of what was not selected', () => {
    assert.equal(
      logged([
        [0, started('a', 'b', 'c')],
        [3, ran('a', 3, {images: 2}, ['data/images'])],
        [4, cancelled('b', 'interrupted')],
        [4, cancelled('c', 'not-selected')],
        [4, finished('interrupted', 4)],
      ]),
      `
demo: run brave-otter of 3 stages (configs/demo.yaml)
   0:03  a  tainted    changed while it ran: data/images
   0:04  b  cancelled  the run was interrupted
   0:04  c  not selected
interrupted in 4.0 s: 1 tainted, 1 cancelled, 1 not selected
`,
    );
  });
});

describe('Progress in appended lines', () => {
  const told = (timed: readonly Timed[]) =>
    logged([[0, started('a')], [0, begun('a')], ...timed])
      .split('\n')
      .slice(3)
      .join('\n');
  const every = (gap: number, count: number, total: number | null = count): readonly Timed[] =>
    Array.from({length: count + 1}, (_, done): Timed => [done * gap, progress('a', done, total)]);

  it('comes in tenths when a stage is short', () => {
    assert.equal(
      told(every(0.25, 100)),
      `   0:02  a  10%        10/100 images · 4.0 images/s · 0:23 left
   0:05  a  20%        20/100 images · 4.0 images/s · 0:20 left
   0:07  a  31%        31/100 images · 4.0 images/s · 0:18 left
   0:10  a  42%        42/100 images · 4.0 images/s · 0:15 left
   0:13  a  52%        52/100 images · 4.0 images/s · 0:12 left
   0:15  a  63%        63/100 images · 4.0 images/s · 0:10 left
   0:18  a  74%        74/100 images · 4.0 images/s · 0:07 left
   0:21  a  85%        85/100 images · 4.0 images/s · 0:04 left
   0:24  a  96%        96/100 images · 4.0 images/s · 0:01 left
`,
    );
  });

  it('does not come at all when a stage takes a moment', () => {
    assert.equal(told(every(0.01, 90)), '');
  });

  it('comes in hundredths, not every ten seconds, when a stage takes hours', () => {
    const lines = told(every(36, 1000)).split('\n');
    assert.equal(lines.length, 112);
    assert.equal(lines[0], '   5:24  a  <1%        9/1,000 images · 1.7 images/min · 9:54:36 left');
    assert.equal(lines.at(-2), '9:59:24  a  99%        999/1,000 images · 1.7 images/min · 0:36 left');
  });

  it('comes every ten seconds when nobody knows the end', () => {
    assert.equal(
      told(every(1, 25, null)),
      `   0:10  a  10 images · 1.0 images/s
   0:20  a  20 images · 1.0 images/s
`,
    );
  });

  it('of a training has its loss and its images', () => {
    assert.equal(
      told([
        [1, job('a', {type: 'progress', done: 0, total: 100, unit: 'steps'})],
        [
          2,
          job('a', {
            type: 'steps',
            epoch: 1,
            first_step: 1,
            losses: [0.5],
            step_seconds: [0.5],
            images: 32,
            learning_rate: 1e-3,
          }),
        ],
        [3, job('a', {type: 'progress', done: 20, total: 100, unit: 'steps'})],
      ]),
      `   0:03  a  20%        20/100 steps · loss 0.500 · 64 images/s · 0:08 left
`,
    );
  });
});
