import assert from 'node:assert/strict';
import {drawRun} from '../../pipeline/show/draw.js';
import {lineWidth, renderLine} from '../../pipeline/show/line.js';
import {follow, type RunView} from '../../pipeline/show/state.js';
import {atMs, begun, decided, eventsOf, job, METRICS, reused, started, type Timed} from './events.js';

export function viewOf(timed: readonly Timed[]): RunView {
  const view = eventsOf(timed).reduce<RunView | null>(follow, null);
  assert.ok(view);
  return view;
}

export function drawn(
  timed: readonly Timed[],
  {columns = 80, rows = 24, second}: {columns?: number; rows?: number; second?: number} = {},
): string {
  const view = viewOf(timed);
  const nowMs = atMs(second ?? timed.at(-1)![0]);
  const lines = drawRun(view, {columns, rows, nowMs});
  for (const line of lines) assert.ok(lineWidth(line) <= columns, renderLine(line, false));
  return `\n${lines.map((line) => renderLine(line, false)).join('\n')}\n`;
}

export const STAGES = started('dataset', 'preprocess', 'train', 'report');
export const UNTIL_TRAINING: readonly Timed[] = [
  [0, STAGES],
  [0, decided('dataset', 'skip', 'unchanged')],
  [0, reused('dataset', 'skipped')],
  [0, decided('preprocess', 'restore', 'same as in run calm-heron')],
  [0.1, reused('preprocess', 'restored')],
  [0.1, decided('train', 'run', 'optimizer.lr 1e-4 → 3e-4 (configs/demo.yaml:41)')],
  [0.2, begun('train')],
];
export const TRAINING: readonly Timed[] = [
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
