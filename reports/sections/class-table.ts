import type {ClassEvaluation, Estimate} from '../../pipeline/model/evaluation.js';
import {formatCount} from '../../pipeline/model/words.js';
import {headRow, over, table} from '../elements.js';
import {type StripAxis, strip, stripAxis, stripHeader} from '../figures/strips.js';
import {type Html, html} from '../html.js';
import {inTable, interval, metric, percent, percentLevel, whyNoInterval} from '../numbers.js';
import type {Page} from '../page.js';
import {PUBLISHED, publishedMean, publishedOf} from '../published.js';
import {scoredFold} from '../scored.js';
import {shortConditions} from './conditions.js';

/** One row per finding and per average: counts, AUROC and average precision with intervals, and the forest plot. */
export function classTable(page: Page): Html {
  const {facts} = page;
  const {evaluation} = facts;
  const fold = scoredFold(evaluation);
  const {auroc, average_precision, prevalence, classes} = fold.averages;
  const axis = stripAxis([...fold.classes.map((one) => one.auroc), auroc.macro]);
  const level = percentLevel(evaluation.method.level);
  const beside = facts.split.method === 'chexnet-lists';
  const averages = [
    ['Macro', 'macro', beside ? PUBLISHED.map(publishedMean) : []],
    ['Prevalence-weighted', 'weighted', []],
    ['Micro', 'micro', []],
  ] as const;
  return table({
    id: 'per-class',
    number: page.nextTable(),
    caption: html`Discrimination per finding. ${shortConditions(facts)} Average precision is read against the prevalence beside it. ${legend(beside)}`,
    shape: 'forest',
    head: headRow(
      'Finding',
      over(html`Positive<br>images`),
      over(html`of<br>patients`),
      over(html`Preva-<br>lence, %`),
      over('AUROC'),
      over(`${level} interval`),
      over(html`Average<br>precision`),
      over(`${level} interval`),
      {over: page.image(stripHeader(axis), false), strip: true},
    ),
    body: fold.classes.map((one) =>
      classRow(page, one, {axis, published: beside ? publishedOf(one.finding) : []}),
    ),
    foot: averages.map(
      (
        [name, key, published],
        index,
      ) => html`<tr${index === 0 ? null : html` class="plain"`}><th scope="row">${name}${index === 0 ? html` <span class="unit">of ${classes}</span>` : null}</th><td></td><td></td><td class="right">${index === 0 && prevalence !== null ? percent(prevalence) : null}</td>${estimateCells(auroc[key])}${estimateCells(average_precision[key])}<td class="strip">${page.image(strip({id: key, name, estimate: auroc[key], axis, mean: true, published}), true)}</td></tr>
`,
    ),
  });
}

function classRow(
  page: Page,
  one: ClassEvaluation,
  of: {axis: StripAxis; published: readonly number[]},
): Html {
  const name = inTable(one.finding);
  const counts = html`<td class="right">${formatCount(one.positives)}</td><td class="right">${formatCount(one.positive_patients)}</td><td class="right">${percent(one.prevalence)}</td>`;
  const values = one.auroc.defined
    ? html`${estimateCells(one.auroc)}${estimateCells(one.average_precision)}`
    : html`<td class="absent" colspan="4">undefined (${one.auroc.because})</td>`;
  const plot = page.image(strip({id: one.finding, name, estimate: one.auroc, ...of, mean: false}), true);
  return html`<tr data-class="${one.finding}"><th scope="row">${name}</th>${counts}${values}<td class="strip">${plot}</td></tr>
`;
}

function estimateCells(estimate: Estimate): Html {
  if (!estimate.defined) return html`<td class="absent" colspan="2">undefined</td>`;
  const range = interval(estimate) ?? html`<span class="absent">${whyNoInterval(estimate)}</span>`;
  return html`<td class="right">${metric(estimate.value)}</td><td class="right">${range}</td>`;
}

function legend(published: boolean): Html {
  const ticks = published
    ? html`, <span class="key tick"></span>five published values without intervals`
    : null;
  return html`Plot of the AUROC column: <span class="key"></span>interval${ticks}.`;
}
