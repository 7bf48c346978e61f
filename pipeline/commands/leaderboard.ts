import {join} from 'node:path';
import type {Estimate} from '../model/evaluation.js';
import type {Leaderboard, LeaderboardRow, SeedGroup, Spread} from '../model/leaderboard.js';
import {memberId} from '../model/member.js';
import type {StageRecord} from '../model/record.js';
import {formatDuration, formatMeasure, formatRate} from '../model/words.js';
import {isSystemError} from '../store/on-disk.js';
import {readJson} from '../store/read-json.js';
import type {Store} from '../store/store.js';
import {table} from './table.js';

/** The leaderboard that a stage of a run made; null when it made none, and when its artifact is gone. */
export function leaderboardOf({outcome}: StageRecord, store: Store): Leaderboard | null {
  if (outcome?.status !== 'succeeded') return null;
  try {
    const artifact = store.artifacts.find(outcome.fingerprint);
    if (artifact?.type !== 'leaderboard') return null;
    return readJson(join(store.layout.artifact(outcome.fingerprint), 'leaderboard.json'), isLeaderboard);
  } catch (error) {
    if (isSystemError(error)) return null;
    throw error;
  }
}

function isLeaderboard(value: unknown): value is Leaderboard {
  return (
    typeof value === 'object' &&
    value !== null &&
    (value as {schema?: unknown}).schema === 'pipeline/leaderboard/v1'
  );
}

/** For a terminal: a line for each model, and for each group of seeds; every score with its interval. */
export function describeLeaderboard({ranking, rows, groups}: Leaderboard): string {
  const header = ['', 'model', 'val AUROC', 'test AUROC', 'test AP', 'epoch', 'loss', 'time', 'speed', 'on'];
  const models = table(header, rows.map(modelCells));
  const parts = [`ranked ${ranking}\n${models}`];
  if (groups.length > 0) {
    const cells = ['over seeds', 'seeds', 'val AUROC', 'test AUROC'];
    parts.push(table(cells, groups.map(groupCells)));
  }
  return parts.join('\n');
}

function modelCells(row: LeaderboardRow): readonly string[] {
  const {rank, unranked_because: because, model, val, test, train_loss: loss} = row;
  return [
    rank === null ? '–' : String(rank),
    model,
    score(val?.macro_auroc),
    score(test?.macro_auroc),
    test?.macro_average_precision.defined ? formatMeasure(test.macro_average_precision.value, 3) : '–',
    row.best_epoch === null ? '–' : `${row.best_epoch}/${row.epochs}`,
    loss === null ? '–' : formatMeasure(loss),
    formatDuration(row.seconds),
    row.images_per_second === null ? '–' : formatRate(row.images_per_second, 'images'),
    `${row.ranks} × ${row.device}${because === null ? '' : `  ${because}`}`,
  ];
}

function score(estimate: Estimate | undefined): string {
  if (!estimate?.defined) return '–';
  const {value, low, high} = estimate;
  const interval =
    low === null || high === null ? '' : ` (${formatMeasure(low, 3)}–${formatMeasure(high, 3)})`;
  return formatMeasure(value, 3) + interval;
}

function groupCells({of, values, seeds, val, test}: SeedGroup): readonly string[] {
  const name = Object.keys(values).length === 0 ? of : memberId(of, values);
  return [name, String(seeds.length), spreadText(val), spreadText(test)];
}

function spreadText(spread: Spread): string {
  if (!('mean' in spread)) return '–';
  const {mean, sd, min, max} = spread;
  const deviation = sd.defined ? `sd ${formatMeasure(sd.value, 2)}` : `no sd: ${sd.because}`;
  return `${formatMeasure(mean, 3)} ${deviation}, ${formatMeasure(min, 3)}–${formatMeasure(max, 3)}`;
}
