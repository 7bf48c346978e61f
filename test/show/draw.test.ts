import assert from 'node:assert/strict';
import {drawn, STAGES, TRAINING, UNTIL_TRAINING} from './drawing.js';
import {begun, decided, note, progress, ran, started, type Timed} from './events.js';

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

  it('shows how far the files are hashed that decide about a stage, and forgets it with the decision', () => {
    const hashing: readonly Timed[] = [
      [0, started('dataset', 'train')],
      [1, progress('dataset', 1000, 112_120, 'files hashed')],
      [2, progress('dataset', 5000, 112_120, 'files hashed')],
    ];
    assert.equal(
      drawn(hashing),
      `
demo  brave-otter  configs/demo.yaml
⠋ dataset  ╸─────────   4%  5,000/112,120 files hashed  4,000 files/s  0:27 left
· train
0/2 done · 0 running · 0:02
`,
    );
    assert.equal(
      drawn([...hashing, [3, decided('dataset', 'run', 'first run')]]),
      `
demo  brave-otter  configs/demo.yaml
· dataset  RUN  first run
· train
0/2 done · 0 running · 0:03
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

  it('shows bytes as they are usually counted, with their speed and the time left', () => {
    const fetching = (total: number | null): readonly Timed[] => [
      [0, started('a')],
      [0, begun('a')],
      [0, progress('a', 12e9, total, 'bytes')],
      [10, progress('a', 13.12e9, total, 'bytes')],
    ];
    assert.equal(
      drawn(fetching(45e9)),
      `
demo  brave-otter  configs/demo.yaml
⠋ a  ━━━━╸───────────  29%  13 GB/45 GB  112 MB/s  4:45 left
0/1 done · 1 running · 0:10
`,
    );
    assert.equal(
      drawn(fetching(null)),
      `
demo  brave-otter  configs/demo.yaml
⠋ a  0:10  13 GB  112 MB/s
0/1 done · 1 running · 0:10
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
