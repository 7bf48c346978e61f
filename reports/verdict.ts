import {countOf, formatCount} from '../pipeline/model/words.js';
import type {ReportFacts} from './facts.js';
import {inProse, metricWithInterval, spelled} from './numbers.js';
import {publishedBeside} from './published.js';
import {foldName, scoredFold} from './scored.js';

/** Exactly two sentences: what was found, and its limit. */
export function verdict(facts: ReportFacts): Readonly<{finding: string; limit: string}> {
  return {finding: finding(facts), limit: limit(facts)};
}

function finding({evaluation, split}: ReportFacts): string {
  const fold = scoredFold(evaluation);
  const {macro} = fold.averages.auroc;
  const on = `On ${countOf(fold.images, `${foldName(fold.fold)} image`)} of ${countOf(fold.patients, 'patient')}`;
  if (!macro.defined)
    return `${on} no finding has both positive and negative images, so nothing can be said about how well this run ranks them.`;
  const all = fold.classes.length;
  const scored = fold.averages.classes;
  const ranked = scored === all ? countOf(all, 'finding') : `${scored} of ${all} findings`;
  const claim = `${on} this run ranks ${ranked} with a macro AUROC of ${metricWithInterval(macro, evaluation.method.level)}`;
  if (macro.low === null || macro.high === null) return `${claim}.`;
  if (macro.low <= 0.5) return `${claim}; that interval holds 0.5, so it is not distinguishable from chance.`;
  const beside = split.method === 'chexnet-lists' ? publishedBeside(macro.low, macro.high) : null;
  return beside === null ? `${claim}, where 0.5 is chance.` : `${claim}; ${beside}.`;
}

function limit({data, evaluation}: ReportFacts): string {
  const fold = scoredFold(evaluation);
  const rare = fold.classes
    .filter((one) => one.auroc.defined)
    .reduce<(typeof fold.classes)[number] | null>(
      (least, one) => (least === null || one.positive_patients < least.positive_patients ? one : least),
      null,
    );
  const missing = fold.undefined.length;
  if (data.origin === 'synthetic')
    return 'The radiographs are synthetic: this shows that the pipeline works from end to end, not how well a model reads radiographs of people.';
  if (data.whole !== null && data.images < data.whole) {
    const used = `Only ${formatCount(data.images)} of ${formatCount(data.whole)} images were used`;
    const unscored =
      missing === 0 ? '' : `, and ${spelled(missing)} of ${fold.classes.length} findings could not be scored`;
    return `${used}${unscored}: this is a check of the pipeline on real radiographs, not a result to compare.`;
  }
  const labels =
    data.origin === 'other'
      ? 'How the labels were made is not recorded, so the scores measure agreement with those labels, not with disease'
      : 'Labels were read from report text, so the scores measure agreement with those labels, not with disease';
  return rare === null
    ? `${labels}.`
    : `${labels}; rely least on ${inProse(rare.finding)} (${countOf(rare.positives, 'positive image')} of ${countOf(rare.positive_patients, 'patient')}).`;
}
