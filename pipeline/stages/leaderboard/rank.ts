import type {Estimate} from '../../model/evaluation.js';
import type {Leaderboard, LeaderboardRow, SeedGroup, Spread} from '../../model/leaderboard.js';
import {baseOf, type MatrixValue, memberId} from '../../model/member.js';
import type {Entry, ScoredOn} from './entries.js';

const RANKING =
  'by the macro AUROC on the validation fold; the test fold is shown beside it and decides nothing';

/** Ranks what can be compared; the rest stands below, each with the reason. */
export function leaderboardOf(entries: readonly Entry[]): Leaderboard {
  const against = comparable(entries);
  const judged = entries.map((entry) => ({...entry, because: whyNot(entry, against)}));
  const scores = judged.filter(({because}) => because === null).map(({row}) => scoreOf(row));
  const rows = judged.map(({row, because}): LeaderboardRow => {
    const score = scoreOf(row);
    const rank = because === null ? 1 + scores.filter((other) => other > score).length : null;
    return {rank, unranked_because: because, ...row};
  });
  const last = rows.length + 1;
  const ordered = [...rows].sort((one, other) => (one.rank ?? last) - (other.rank ?? last));
  const varied = [...new Set(entries.flatMap(({row}) => Object.keys(row.values)))].sort();
  return {
    schema: 'pipeline/leaderboard/v1',
    ranking: RANKING,
    varied,
    rows: ordered,
    groups: seedGroups(ordered.filter(({rank, values}) => rank !== null && Object.hasOwn(values, 'seed'))),
  };
}

/** What most were scored on; null when no two agree, and when two such camps are equally large. */
function comparable(entries: readonly Entry[]): ScoredOn | null {
  const camps = new Map<string, {scoredOn: ScoredOn; size: number}>();
  for (const {scoredOn} of entries) {
    if (scoredOn === null) continue;
    const key = JSON.stringify(scoredOn);
    camps.set(key, {scoredOn, size: (camps.get(key)?.size ?? 0) + 1});
  }
  const [largest, next] = [...camps.values()].sort((one, other) => other.size - one.size);
  return largest === undefined || largest.size === next?.size ? null : largest.scoredOn;
}

function whyNot({row, scoredOn}: Entry, against: ScoredOn | null): string | null {
  if (scoredOn === null) return 'no evaluation of it is here';
  if (against === null) return 'the models were not scored on the same images and labels';
  const differs = differences(scoredOn, against);
  if (differs.length > 0) return `scored on other ${differs.join(' and ')} than most`;
  if (row.val === null) return 'not scored on the validation fold';
  const {macro_auroc: auroc} = row.val;
  return auroc.defined ? null : `no macro AUROC on the validation fold: ${auroc.because}`;
}

function differences(one: ScoredOn, other: ScoredOn): readonly string[] {
  const found: string[] = [];
  if (one.testImages !== other.testImages) found.push('test images');
  else if (one.testLabels !== other.testLabels) found.push('test labels');
  if (one.valImages !== other.valImages) found.push('validation images');
  else if (one.valLabels !== other.valLabels) found.push('validation labels');
  if (one.labels !== other.labels) found.push('release of the labels');
  return found;
}

function scoreOf({val}: Pick<LeaderboardRow, 'val'>): number {
  return val?.macro_auroc.defined ? val.macro_auroc.value : Number.NEGATIVE_INFINITY;
}

/** @param ranked - Rows whose seed a matrix varies; trainings of different stages are never one group. */
function seedGroups(ranked: readonly LeaderboardRow[]): readonly SeedGroup[] {
  const groups = new Map<string, LeaderboardRow[]>();
  for (const row of ranked) {
    const {seed: _, ...others} = row.values;
    const key = memberId(baseOf(row.model), others);
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  const made = [...groups.values()].map((rows): SeedGroup => {
    const {model: first, values: all} = rows[0]!;
    const {seed: _, ...values} = all;
    return {
      of: baseOf(first),
      values,
      seeds: rows.map((row): MatrixValue => row.values['seed'] ?? null),
      models: rows.map(({model}) => model),
      val: spread(rows.map((row) => row.val?.macro_auroc)),
      test: spread(rows.map((row) => row.test?.macro_auroc)),
    };
  });
  const meanOf = ({val}: SeedGroup) => (val.n > 0 && 'mean' in val ? val.mean : Number.NEGATIVE_INFINITY);
  return made.sort((one, other) => meanOf(other) - meanOf(one));
}

function spread(estimates: readonly (Estimate | undefined)[]): Spread {
  const values = estimates.flatMap((estimate) => (estimate?.defined ? [estimate.value] : []));
  const n = values.length;
  if (n === 0) return {n};
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return {
    n,
    mean,
    sd: n > 1 ? {defined: true, value: Math.sqrt(squares / (n - 1))} : {defined: false, because: '1 seed'},
    min: Math.min(...values),
    max: Math.max(...values),
  };
}
