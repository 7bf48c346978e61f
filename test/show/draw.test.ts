import assert from 'node:assert/strict';
import {drawRun} from '../../pipeline/show/draw.js';
import {lineWidth, renderLine} from '../../pipeline/show/line.js';
import {follow, type RunView} from '../../pipeline/show/state.js';
import {
  atMs,
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
  progress,
  ran,
  reused,
  started,
  type Timed,
} from './events.js';

function viewOf(timed: readonly Timed[]): RunView {
  const view = eventsOf(timed).reduce<RunView | null>(follow, null);
  assert.ok(view);
  return view;
}

function drawn(
  timed: readonly Timed[],
  {columns = 80, rows = 24, second}: {columns?: number; rows?: number; second?: number} = {},
): string {
  const view = viewOf(timed);
  const nowMs = atMs(second ?? timed.at(-1)![0]);
  const lines = drawRun(view, {columns, rows, nowMs});
  for (const line of lines) assert.ok(lineWidth(line) <= columns, renderLine(line, false));
  return `\n${lines.map((line) => renderLine(line, false)).join('\n')}\n`;
}

const STAGES = started('dataset', 'preprocess', 'train', 'report');
const UNTIL_TRAINING: readonly Timed[] = [
  [0, STAGES],
  [0, decided('dataset', 'skip', 'unchanged')],
  [0, reused('dataset', 'skipped')],
  [0, decided('preprocess', 'restore', 'same as in run calm-heron')],
  [0.1, reused('preprocess', 'restored')],
  [0.1, decided('train', 'run', 'optimizer.lr 1e-4 → 3e-4 (configs/demo.yaml:41)')],
  [0.2, begun('train')],
];
const TRAINING: readonly Timed[] = [
  ...UNTIL_TRAINING,
  [3, job('train', {type: 'progress', done: 0, total: 60, unit: 'steps'})],
  [13, job('train', {type: 'progress', done: 20, total: 60, unit: 'steps'})],
  [13, job('train', {type: 'epoch', epoch: 1, of: 3, metrics: METRICS})],
  [
    14,
    job('train', {
      type: 'steps',
      epoch: 2,
      first_step: 21,
      losses: [0.25, null, 0.23],
      step_seconds: [0.1, 0.1, 0.1],
      images: 96,
      learning_rate: 1e-3,
    }),
  ],
];

describe('The region of a run that goes on', () => {
  it('lists what waits before anything has happened', () => {
    assert.equal(
      drawn([[0, STAGES]]),
      `
demo  brave-otter  configs/demo.yaml
· dataset
· preprocess
· train
· report
0/4 done · 0 running · 0:00
`,
    );
  });

  it('shows skipped and restored stages with their reason, and a running one with its own', () => {
    assert.equal(
      drawn([...UNTIL_TRAINING, [2, note('train', 'installing torch 2.13.0')]]),
      `
demo  brave-otter  configs/demo.yaml
✔ dataset     skipped    unchanged
↺ preprocess  restored   same as in run calm-heron
⠋ train       0:01  installing torch 2.13.0
              ↳ optimizer.lr 1e-4 → 3e-4 (configs/demo.yaml:41)
· report
2/4 done · 1 running · 0:02
`,
    );
  });

  it('shows a training with its epoch, loss, speed and time left', () => {
    assert.equal(
      drawn(TRAINING),
      `
demo  brave-otter  configs/demo.yaml
✔ dataset     skipped    unchanged
↺ preprocess  restored   same as in run calm-heron
⠋ train       ━━━╸──────  33%  epoch 2/3  loss 0.240  320 images/s  0:19 left
              ↳ optimizer.lr 1e-4 → 3e-4 (configs/demo.yaml:41)
· report
2/4 done · 1 running · 0:14
`,
    );
  });

  it('shows more of it on a wider screen', () => {
    assert.equal(
      drawn(TRAINING, {columns: 120}),
      `
demo  brave-otter  configs/demo.yaml
✔ dataset     skipped    unchanged
↺ preprocess  restored   same as in run calm-heron
⠋ train       ━━━━━━━━────────────────  33%  epoch 2/3  20/60 steps  loss 0.240  AUROC 0.702  320 images/s  0:19 left
              ↳ optimizer.lr 1e-4 → 3e-4 (configs/demo.yaml:41)
· report
2/4 done · 1 running · 0:14
`,
    );
  });

  it('shows less of it on a narrow one, and cuts what does not fit', () => {
    assert.equal(
      drawn(TRAINING, {columns: 40}),
      `
demo  brave-otter  configs/demo.yaml
✔ dataset     skipped    unchanged
↺ preprocess  restored   same as in run…
⠋ train       ━╸──  33%  0:19 left
              ↳ optimizer.lr 1e-4 → 3e-…
· report
2/4 done · 1 running · 0:14
`,
    );
  });

  it('counts the time left down between two reports', () => {
    const short: readonly Timed[] = [
      [0, started('a')],
      [0, begun('a')],
      [0, progress('a', 0, 100)],
      [10, progress('a', 50, 100)],
    ];
    assert.equal(
      drawn(short),
      `
demo  brave-otter  configs/demo.yaml
⠋ a  ━━━━━━━━────────  50%  50/100 images  5.0 images/s  0:10 left
0/1 done · 1 running · 0:10
`,
    );
    assert.equal(
      drawn(short, {second: 14}),
      `
demo  brave-otter  configs/demo.yaml
⠋ a  ━━━━━━━━────────  50%  50/100 images  5.0 images/s  0:06 left
0/1 done · 1 running · 0:14
`,
    );
  });

  it('shows an amount without a total as an amount', () => {
    assert.equal(
      drawn([
        [0, started('a')],
        [0, begun('a', 2)],
        [0, progress('a', 0, null)],
        [10, progress('a', 1234, null)],
      ]),
      `
demo  brave-otter  configs/demo.yaml
⠋ a  0:10  1,234 images  123 images/s  attempt 2
0/1 done · 1 running · 0:10
`,
    );
  });

  it('begins to count anew with the next attempt', () => {
    assert.equal(
      drawn([
        [0, started('a')],
        [0, begun('a')],
        [1, progress('a', 90, 100)],
        [2, begun('a', 2)],
        [3, progress('a', 10, 100)],
      ]),
      `
demo  brave-otter  configs/demo.yaml
⠋ a  ━╸──────────────  10%  10/100 images  attempt 2
0/1 done · 1 running · 0:03
`,
    );
  });

  it('shows a stage that is decided but has to wait', () => {
    assert.equal(
      drawn([
        [0, started('a', 'b')],
        [0, begun('a')],
        [1, decided('b', 'run', 'first run')],
      ]),
      `
demo  brave-otter  configs/demo.yaml
⠋ a  0:01
· b  RUN  first run
0/2 done · 1 running · 0:01
`,
    );
  });

  it('gives up lines of done and of waiting stages when the screen is low', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    const timed: readonly Timed[] = [
      [0, started(...names)],
      [1, ran('a', 1)],
      [1, ran('b', 1)],
      [1, ran('c', 1)],
      [1, begun('d')],
      [1, begun('e')],
    ];
    assert.equal(
      drawn(timed, {rows: 9}),
      `
demo  brave-otter  configs/demo.yaml
✔ 3 stages done
⠋ d  0:00
⠋ e  0:00
· f
· g
· h
3/8 done · 2 running · 0:01
`,
    );
    assert.equal(
      drawn(timed, {rows: 7}),
      `
demo  brave-otter  configs/demo.yaml
✔ 3 stages done
⠋ d  0:00
⠋ e  0:00
· 3 stages waiting
3/8 done · 2 running · 0:01
`,
    );
  });

  it('lets no control character through', () => {
    assert.equal(
      drawn([
        [0, started('a', 'b')],
        [0, decided('a', 'run', 'x\u001b[2J')],
        [0, begun('a')],
        [0, note('a', 'y\u0007\nz')],
        [0, ran('b', 1, {'k\u001b': 'v\u0000'})],
      ]),
      `
demo  brave-otter  configs/demo.yaml
⠋ a  0:00  y\\x07 z
     ↳ x\\x1b[2J
✔ b  ran        1.0 s  k\\x1b v\\x00
1/2 done · 1 running · 0:00
`,
    );
  });
});

describe('The region of a run that has ended', () => {
  it('sums up what ran', () => {
    const timed: readonly Timed[] = [
      ...TRAINING,
      [30, note('train', 'one rank was slow', 'warning')],
      [31, ran('train', 31, {epochs: 3, val_auroc_macro: 0.81234, images_per_second: 431.4})],
      [31, decided('report', 'run', 'needs train, which ran')],
      [31, begun('report')],
      [125, ran('report', 94.2, {bytes: 812_345})],
      [125, finished('succeeded', 125)],
    ];
    assert.equal(
      drawn(timed),
      `
demo  brave-otter  configs/demo.yaml
✔ dataset     skipped    unchanged
↺ preprocess  restored   same as in run calm-heron
✔ train       ran              31 s  1 warning  3 epochs · val AUROC macro 0.81…
✔ report      ran        1 min 34 s  812 kB   ↳ needs train, which ran
succeeded in 2 min 05 s · 2 ran · 1 skipped · 1 restored
`,
    );
    assert.equal(
      drawn(timed, {columns: 120}),
      `
demo  brave-otter  configs/demo.yaml
✔ dataset     skipped    unchanged
↺ preprocess  restored   same as in run calm-heron
✔ train       ran              31 s  1 warning  3 epochs · val AUROC macro 0.8123 · 431 images/s
✔ report      ran        1 min 34 s  812 kB   ↳ needs train, which ran
succeeded in 2 min 05 s · 2 ran · 1 skipped · 1 restored
`,
    );
  });

  it('says what failed and what could not run for it', () => {
    assert.equal(
      drawn([
        ...UNTIL_TRAINING,
        [12, failed('train', 11.8, OUT_OF_MEMORY)],
        [12, cancelled('report', {needs: 'train' as never, isSelected: true})],
        [12, finished('failed', 12)],
      ]),
      `
demo  brave-otter  configs/demo.yaml
✔ dataset     skipped    unchanged
↺ preprocess  restored   same as in run calm-heron
✘ train       failed     12 s  rank 1 of chexnet.training.train ended with exit…
– report      cancelled  needs train, which did not succeed
failed in 12 s · 1 skipped · 1 restored · 1 failed · 1 cancelled
`,
    );
  });

  it('says what was interrupted and what was not selected', () => {
    assert.equal(
      drawn([
        [0, STAGES],
        [0, cancelled('dataset', 'not-selected')],
        [3, cancelled('preprocess', 'interrupted')],
        [3, cancelled('train', 'interrupted')],
        [3, cancelled('report', 'earlier-failure')],
        [3, finished('interrupted', 3)],
      ]),
      `
demo  brave-otter  configs/demo.yaml
· dataset     not selected
– preprocess  cancelled  the run was interrupted
– train       cancelled  the run was interrupted
– report      cancelled  another stage failed before
interrupted in 3.0 s · 3 cancelled · 1 not selected
`,
    );
  });

  it('marks what was made from inputs that moved', () => {
    assert.equal(
      drawn([
        [0, started('a')],
        [3, ran('a', 3, {images: 2}, ['data/images', 'metadata.csv'])],
        [3, finished('succeeded', 3)],
      ]),
      `
demo  brave-otter  configs/demo.yaml
! a  tainted    3.0 s  changed while it ran: data/images, metadata.csv
succeeded in 3.0 s · 1 tainted
`,
    );
  });
});
