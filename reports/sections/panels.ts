import type {ClassEvaluation} from '../../pipeline/model/evaluation.js';
import type {Chart} from '../charts.js';
import {whyUndefined} from '../doubts/statistics.js';
import {figure} from '../elements.js';
import type {ReportFacts} from '../facts.js';
import {precisionRecallPanel, rocPanel} from '../figures/panels.js';
import {type Html, html} from '../html.js';
import {inTable, metric} from '../numbers.js';
import type {Page} from '../page.js';
import {scoredFold} from '../scored.js';
import {shortConditions} from './conditions.js';

/** ROC and precision-recall curves, a small panel per finding: is one of them odd? */
export function panelFigures(page: Page<ReportFacts>): Html {
  const fold = scoredFold(page.facts.evaluation);
  const left = fold.undefined.length === 0 ? null : ` No panel: ${whyUndefined(fold)}.`;
  const roc = panels(page, fold.classes, rocPanel, ({auroc}) =>
    auroc.defined ? `AUROC ${metric(auroc.value)}` : '',
  );
  const precision = panels(page, fold.classes, precisionRecallPanel, (one) =>
    one.average_precision.defined
      ? `AP ${metric(one.average_precision.value)}, prev. ${metric(one.prevalence)}`
      : '',
  );
  return html`${figure({
    number: page.nextFigure(),
    chart: roc,
    caption: html`ROC curves. Across: 1 − specificity; up: sensitivity; both 0 to 1. Dashes: a ranking by chance.${left} ${shortConditions(page.facts)}`,
  })}${figure({
    number: page.nextFigure(),
    chart: precision,
    caption: html`Precision-recall curves. Across: recall (sensitivity); up: precision (positive predictive value); both 0 to 1. Dashes: prevalence, the precision of a guess. AP: average precision; prev.: prevalence. Same fold and conditions.`,
  })}`;
}

function panels(
  page: Page<ReportFacts>,
  classes: readonly ClassEvaluation[],
  draw: (one: ClassEvaluation) => Chart | null,
  value: (one: ClassEvaluation) => string,
): Html {
  return html`<ul class="panels">${classes.map((one) => {
    const chart = draw(one);
    return chart === null
      ? null
      : html`<li data-class="${one.finding}"><b>${inTable(one.finding)}</b><span>${value(one)}</span>${page.chart(chart)}</li>
`;
  })}</ul>`;
}
