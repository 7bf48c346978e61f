import assert from 'node:assert/strict';
import {Writable} from 'node:stream';
import {createTerminal, type TerminalOptions} from '../../pipeline/show/live.js';
import {
  begun,
  decided,
  eventsOf,
  failed,
  finished,
  note,
  OUT_OF_MEMORY,
  output,
  progress,
  ran,
  started,
  type Timed,
} from './events.js';

/** A stream that keeps what is written to it. */
class Paper extends Writable {
  text = '';
  readonly columns: number | undefined;
  readonly rows: number | undefined;

  constructor(size?: {columns: number; rows: number}) {
    super();
    this.columns = size?.columns;
    this.rows = size?.rows;
  }

  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

function shown(timed: readonly Timed[], options: Partial<TerminalOptions>, paper = new Paper()): string {
  const terminal = createTerminal({
    stream: paper as unknown as TerminalOptions['stream'],
    columns: 80,
    color: false,
    live: false,
    verbosity: 0,
    now: () => new Date('2026-01-01T10:00:20Z'),
    ...options,
  });
  for (const event of eventsOf(timed)) terminal.receive(event);
  terminal.close();
  terminal.close();
  return paper.text;
}

const RUN: readonly Timed[] = [
  [0, started('preprocess', 'train')],
  [0, decided('preprocess', 'run', 'first run')],
  [0, begun('preprocess')],
  [1, progress('preprocess', 10, 20)],
  [1, note('preprocess', 'a.png is truncated', 'warning')],
  [1, output('preprocess', 'hello\n')],
  [3, ran('preprocess', 3, {images: 20})],
  [3, begun('train')],
  [9, failed('train', 6, OUT_OF_MEMORY)],
  [9, finished('failed', 9)],
];

describe('A terminal', () => {
  it('that is not live appends lines, with the details of a failure below it', () => {
    assert.equal(
      shown(RUN, {}),
      `demo: run brave-otter of 2 stages (configs/demo.yaml)
   0:00  preprocess  RUN        first run
   0:00  preprocess  started
   0:01  preprocess  warning    a.png is truncated
   0:03  preprocess  ran        3.0 s · 20 images
   0:03  train       started
   0:09  train       FAILED     after 6.0 s: rank 1 of chexnet.training.train ended with exit code 1: CUDA out of memory
  │ Traceback (most recent call last):
  │   File "train.py", line 12
failed in 9.0 s: 1 ran, 1 failed
`,
    );
  });

  it('that is live leaves the warnings, the whole table and the details of failures behind', () => {
    assert.equal(
      shown(RUN, {live: true}),
      `   0:01  preprocess  warning    a.png is truncated
demo  brave-otter  configs/demo.yaml
✔ preprocess  ran        3.0 s  1 warning  20 images   ↳ first run
✘ train       failed     6.0 s  rank 1 of chexnet.training.train ended with exi…
failed in 9.0 s · 1 ran · 1 failed

train failed: rank 1 of chexnet.training.train ended with exit code 1: CUDA out
    of memory
  │ Traceback (most recent call last):
  │   File "train.py", line 12
`,
    );
  });

  it('that is live shows what stages print with -v', () => {
    const text = shown(RUN, {live: true, verbosity: 1});
    assert.ok(text.includes('   0:01  preprocess  │ hello\n'), text);
  });

  it('that is live but quiet is not live', () => {
    assert.equal(shown(RUN, {live: true, verbosity: -1}), shown(RUN, {verbosity: -1}));
  });

  it('wraps lines that stay where it knows its width, and leaves them whole where it does not', () => {
    const timed: readonly Timed[] = [
      [0, started('a')],
      [0, note('a', 'a warning that does not fit into forty columns', 'warning')],
    ];
    assert.equal(
      shown(timed, {}),
      `demo: run brave-otter of 1 stage (configs/demo.yaml)
   0:00  a  warning    a warning that does not fit into forty columns
`,
    );
    assert.equal(
      shown(timed, {}, new Paper({columns: 40, rows: 24})),
      `demo: run brave-otter of 1 stage
         (configs/demo.yaml)
   0:00  a  warning    a warning that
         does not fit into forty columns
`,
    );
    assert.equal(
      shown(timed, {live: true}, new Paper({columns: 40, rows: 24})),
      `   0:00  a  warning    a warning that
         does not fit into forty columns
demo  brave-otter  configs/demo.yaml
· a
0/1 done · 0 running · 0:20
`,
    );
  });

  it('shows the source lines of invalid input', () => {
    const diagnostics = [
      {
        severity: 'error' as const,
        message: 'no such finding',
        location: {file: 'a.csv', line: 2, column: 3, length: 4},
      },
    ];
    const text = shown(
      [
        [0, started('a')],
        [1, failed('a', 1, {reason: 'invalid-input', diagnostics})],
      ],
      {
        readText: () => 'image\nx,Efus\n',
      },
    );
    assert.equal(
      text,
      `demo: run brave-otter of 1 stage (configs/demo.yaml)
   0:01  a  FAILED     after 1.0 s: invalid input: no such finding
a.csv:2:3: error: no such finding
  2 │ x,Efus
    │   ^^^^
`,
    );
  });

  it('says nothing of events before a run has started', () => {
    assert.equal(shown([[0, begun('a')]], {}), '');
    assert.equal(shown([[0, begun('a')]], {live: true}), '');
  });
});
