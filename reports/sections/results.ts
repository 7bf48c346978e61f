import {formatCount, listWords} from '../../pipeline/model/words.js';
import {whyUndefined} from '../doubts/statistics.js';
import {section} from '../elements.js';
import type {ReportFacts} from '../facts.js';
import {type Html, type HtmlValue, html} from '../html.js';
import {inProse, metric, metricWithInterval} from '../numbers.js';
import type {Page} from '../page.js';
import {foldName, scoredFold} from '../scored.js';
import {classTable} from './class-table.js';
import {panelFigures} from './panels.js';
import {publishedTable} from './published-table.js';

/** How good it is: per class with intervals and forest plot, published results of the same split only, curves. */
export function resultsSection(page: Page<ReportFacts>, number: number): Html {
  const {facts} = page;
  const fold = scoredFold(facts.evaluation);
  return section({
    number,
    id: 'results',
    question: 'How good is it?',
    answer: answer(facts),
    body: html`<h3>Per finding</h3>
${chooser(facts)}
${classTable(page)}
${averages(facts)}
<h3>Published results of the same split</h3>
${publishedTable(page)}
${
  fold.averages.classes === 0
    ? null
    : html`<h3>Ranking</h3>
${panelFigures(page)}`
}`,
  });
}

function answer({evaluation}: ReportFacts): string {
  const fold = scoredFold(evaluation);
  const {macro} = fold.averages.auroc;
  if (!macro.defined)
    return `It cannot be told: no finding has both positive and negative images in the ${foldName(fold.fold)} fold.`;
  const ranked = fold.classes
    .flatMap((one) => (one.auroc.defined ? [{name: inProse(one.finding), value: one.auroc.value}] : []))
    .sort((a, b) => b.value - a.value);
  const named = ({name, value}: (typeof ranked)[number]): string => `${name} (${metric(value)})`;
  const scored =
    ranked.length === fold.classes.length
      ? 'all findings'
      : `the ${ranked.length} findings that could be scored`;
  const range =
    ranked.length < 4
      ? `${listWords(ranked.map(named))}`
      : `the highest value is that of ${named(ranked[0]!)}, the lowest are ${listWords(ranked.slice(-2).reverse().map(named))}`;
  return `Macro AUROC over ${scored} is ${metricWithInterval(macro, evaluation.method.level)}; ${range}.`;
}

/** Shown by the script: which findings the table and the panels show. */
function chooser({evaluation}: ReportFacts): HtmlValue {
  return html`<fieldset class="chooser" hidden><legend>Findings shown</legend>${evaluation.findings.map(
    (finding) =>
      html`<button type="button" aria-pressed="true" data-toggles="${finding}">${inProse(finding)}</button>`,
  )}</fieldset>`;
}

function averages({evaluation}: ReportFacts): Html {
  const fold = scoredFold(evaluation);
  const left =
    fold.undefined.length === 0
      ? 'Undefined findings: none.'
      : `Undefined and left out of every average: ${whyUndefined(fold)}.`;
  const lost = fold.averages.incomplete_resamples;
  const resamples =
    lost === 0
      ? ''
      : ` In ${formatCount(lost)} of ${formatCount(evaluation.method.resamples)} resamples a finding lost its last positive; it is left out of those.`;
  return html`<p class="note">Macro: mean of the findings. Prevalence-weighted: the mean with each finding as often as it is positive. Micro: all pairs of image and finding in one ranking. ${left}${resamples}</p>
`;
}
