import type {JsonObject} from '../../model/json.js';
import {formatCount} from '../../model/words.js';
import {ALL_IMAGES} from '../data-card.js';
import type {ImageRow} from '../dataset.js';

/**
 * Which of the published label states the whole metadata have. "Data_Entry_2017.csv" names two of them:
 * A, the first labels (which the CheXNet lists carry); B, 188 findings added, the old ages and follow-ups; C, the release
 * of 2020, labels as in B, ages and follow-ups repaired. Scores differ between A and the others.
 */
export function detectLabelState(rows: readonly ImageRow[]): JsonObject {
  if (rows.length !== ALL_IMAGES) {
    const because = `the metadata have ${formatCount(rows.length)} of ${formatCount(ALL_IMAGES)} rows: too few to count`;
    return {state: 'subset', because};
  }
  const pneumonia = rows.filter((row) => row.findings.includes('Pneumonia')).length;
  const noFinding = rows.filter((row) => row.findings.length === 0).length;
  const counts = `${formatCount(pneumonia)} images with Pneumonia, ${formatCount(noFinding)} without a finding`;
  if (pneumonia === 1353 && noFinding === 60_412) return {state: 'A', because: counts};
  if (pneumonia !== 1431 || noFinding !== 60_361) {
    return {state: 'unknown', because: `${counts}: as in none of the known releases`};
  }
  const renumbered = rows.filter((row) => row.followUp !== followUpInName(row.image)).length;
  const state = renumbered > 0 ? 'C' : 'B';
  return {
    state,
    because: `${counts}; ${formatCount(renumbered)} follow-up numbers differ from the file name`,
  };
}

function followUpInName(image: string): number {
  return Number(/_(\d+)\.png$/i.exec(image)?.[1] ?? Number.NaN);
}
