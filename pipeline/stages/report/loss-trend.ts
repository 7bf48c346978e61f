import {existsSync} from 'node:fs';
import {join} from 'node:path';
import type {LossTrend} from '../../../reports/facts.js';
import {readTextIfThere} from './read.js';

/** With fewer steps noise and trend are not told apart. */
const FEWEST_STEPS = 30;

/** Of the losses of a model's steps; null where there are too few of them, or none on record. */
export function lossTrendIn(model: string): LossTrend | null {
  const file = join(model, 'steps.ndjson');
  if (!existsSync(file)) return null;
  const lines = (readTextIfThere(file) ?? '').trimEnd().split('\n');
  return lossTrend(lines.map((line) => (JSON.parse(line) as {loss: number}).loss));
}

export function lossTrend(losses: readonly number[]): LossTrend | null {
  const steps = losses.length;
  if (steps < FEWEST_STEPS) return null;
  const tenth = Math.floor(steps / 10);
  const third = losses.slice(-Math.floor(steps / 3));
  const half = Math.floor(third.length / 2);
  const [before, after] = [third.slice(0, half), third.slice(half)];
  return {
    steps,
    first: mean(losses.slice(0, tenth)),
    last: mean(losses.slice(-tenth)),
    rise: mean(after) - mean(before),
    noise: Math.sqrt(squaredError(before) + squaredError(after)),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Of the mean. */
function squaredError(values: readonly number[]): number {
  const middle = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - middle) ** 2, 0);
  return squares / (values.length - 1) / values.length;
}
