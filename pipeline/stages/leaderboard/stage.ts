import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {z} from 'zod';
import type {JsonObject} from '../../model/json.js';
import type {Leaderboard} from '../../model/leaderboard.js';
import {ok} from '../../model/result.js';
import type {StageContext, StageKind, StageResult} from '../../model/stage-kind.js';
import {gatherEntries} from './entries.js';
import {leaderboardOf} from './rank.js';
import {leaderboardCsv} from './table.js';

/** Sets models beside one another: a row for each, and what seeds alone make of it. */
export const leaderboard: StageKind = {
  uses: 'leaderboard',
  version: 2,
  summary: 'ranks models by the validation fold, with mean and spread over seeds',
  inputs: [
    {type: 'model', optional: false, many: true},
    {type: 'predictions', optional: false, many: true},
    {type: 'evaluation', optional: false, many: true},
  ],
  output: 'leaderboard',
  params: z.strictObject({}),
  paths: [],
  speedOnly: [],
  slots: {},
  work: {kind: 'in-process', run},
};

async function run({needs, out}: StageContext): Promise<StageResult> {
  const board = leaderboardOf(gatherEntries(needs));
  writeFileSync(join(out, 'leaderboard.json'), `${JSON.stringify(board, null, 2)}\n`);
  writeFileSync(join(out, 'leaderboard.csv'), leaderboardCsv(board));
  return ok(headline(board));
}

function headline({rows}: Leaderboard): JsonObject {
  const ranked = rows.filter(({rank}) => rank !== null).length;
  const [best] = rows;
  const counts = {models: rows.length, ...(ranked < rows.length ? {unranked: rows.length - ranked} : {})};
  if (best === undefined || best.rank === null) return counts;
  const score = (fold: 'val' | 'test'): JsonObject => {
    const estimate = best[fold]?.macro_auroc;
    return estimate?.defined ? {[`${fold}_auroc_macro`]: estimate.value} : {};
  };
  return {best: best.model, ...score('val'), ...score('test'), ...counts};
}
