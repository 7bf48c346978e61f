import assert from 'node:assert/strict';
import {drawn, STAGES, TRAINING, UNTIL_TRAINING} from './drawing.js';
import {
  begun,
  cancelled,
  decided,
  failed,
  finished,
  note,
  OUT_OF_MEMORY,
  ran,
  started,
  type Timed,
} from './events.js';

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
