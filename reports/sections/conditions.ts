import {countOf} from '../../pipeline/model/words.js';
import type {ReportFacts} from '../facts.js';
import {type Html, html} from '../html.js';
import {percentLevel} from '../numbers.js';
import {foldName, scoredFold} from '../scored.js';

/** What the caption of every number in this section ends in. */
export function shortConditions(facts: ReportFacts): Html {
  const fold = scoredFold(facts.evaluation);
  const {level, resamples} = facts.evaluation.method;
  return html`${foldName(fold.fold).replace(/^./, (c) => c.toUpperCase())} fold, split: ${facts.split.description}; labels: ${facts.data.labels.state}; <span class="keep">n = ${countOf(fold.images, 'image')}</span> of ${countOf(fold.patients, 'patient')}, one view per image. Intervals: ${percentLevel(level)}, ${countOf(resamples, 'patient resample')}.`;
}
