import type {ClassEvaluation, Estimate, FoldEvaluation} from '../../pipeline/model/evaluation.js';
import {formatCount} from '../../pipeline/model/words.js';
import {headRow, over, table} from '../elements.js';
import type {ReportFacts} from '../facts.js';
import {type ForestRow, forestChart} from '../figures/forest.js';
import {type Html, html} from '../html.js';
import {inTable, interval, metric, percent, percentLevel, whyNoInterval} from '../numbers.js';
import type {Page} from '../page.js';
import {PUBLISHED, publishedMean, publishedOf} from '../published.js';
import {scoredFold} from '../scored.js';
import {shortConditions} from './conditions.js';

const AVERAGES = [
  ['Macro', 'macro'],
  ['Prevalence-weighted', 'weighted'],
  ['Micro', 'micro'],
] as const;

/** One row per finding and per average: counts, AUROC and average precision with intervals, and the forest plot. */
export function classTable(page: Page<ReportFacts>): Html {
  const {facts} = page;
  const fold = scoredFold(facts.evaluation);
  const level = percentLevel(facts.evaluation.method.level);
  const beside = facts.split.method === 'chexnet-lists';
  const [axis, ...strips] = page.bands(forestChart(forestRows(fold, beside)));
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
      {over: axis!, strip: true},
    ),
    body: fold.classes.map((one, index) => classRow(one, strips[index]!)),
    foot: averageRows(fold, strips.slice(fold.classes.length)),
  });
}

function forestRows({classes, averages}: FoldEvaluation, beside: boolean): ForestRow[] {
  return [
    ...classes.map(({finding, auroc}) => ({
      estimate: auroc,
      mean: false,
      published: beside ? publishedOf(finding) : [],
    })),
    ...AVERAGES.map(([, name]) => ({
      estimate: averages.auroc[name],
      mean: true,
      published: beside && name === 'macro' ? PUBLISHED.map(publishedMean) : [],
    })),
  ];
}

function classRow(one: ClassEvaluation, strip: Html): Html {
  const counts = html`<td class="right">${formatCount(one.positives)}</td><td class="right">${formatCount(one.positive_patients)}</td><td class="right">${percent(one.prevalence)}</td>`;
  const values = one.auroc.defined
    ? html`${estimateCells(one.auroc)}${estimateCells(one.average_precision)}`
    : html`<td class="absent" colspan="4">undefined (${one.auroc.because})</td>`;
  return html`<tr data-class="${one.finding}"><th scope="row">${inTable(one.finding)}</th>${counts}${values}<td class="strip">${strip}</td></tr>
`;
}

function averageRows({averages}: FoldEvaluation, strips: readonly Html[]): readonly Html[] {
  const {auroc, average_precision, prevalence, classes} = averages;
  return AVERAGES.map(([title, name], index) => {
    const macro = name === 'macro';
    const of = macro ? html` <span class="unit">of ${classes}</span>` : null;
    return html`<tr${macro ? null : html` class="plain"`}><th scope="row">${title}${of}</th><td></td><td></td><td class="right">${macro && prevalence !== null ? percent(prevalence) : null}</td>${estimateCells(auroc[name])}${estimateCells(average_precision[name])}<td class="strip">${strips[index]!}</td></tr>
`;
  });
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
