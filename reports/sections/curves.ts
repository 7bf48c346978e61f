import {countOf} from '../../pipeline/model/words.js';
import {figure, headRow, over, table} from '../elements.js';
import type {ReportFacts} from '../facts.js';
import {aurocChart, keptEpoch, lossChart} from '../figures/training.js';
import {type Html, type HtmlValue, html} from '../html.js';
import {fixed, metric} from '../numbers.js';
import type {Page} from '../page.js';

/** Loss and validation AUROC per epoch, with their data. */
export function curves(page: Page<ReportFacts>): HtmlValue {
  const {training, split, evaluation} = page.facts;
  const images = (fold: 'train' | 'val'): string =>
    `n = ${countOf(training.images?.[fold] ?? split.folds.find((one) => one.fold === fold)?.here.images ?? 0, 'image')}`;
  if (training.epochs.length < 2)
    return html`<p>One epoch was trained, so there is no curve to draw; its figures are in the table below.</p>`;
  const kept = keptEpoch(training.epochs);
  const scored = kept.val_auroc_defined;
  const validated = training.epochs.some((epoch) => epoch.val_loss !== null);
  const after = validated ? html`, validation (${images('val')}) after the epoch` : '; nothing was validated';
  const loss = figure({
    number: page.nextFigure(),
    chart: page.chart(lossChart(training)),
    caption: html`Loss per epoch: train (${images('train')}) as it was fitted${after}.`,
  });
  const ranked = training.epochs.some((epoch) => epoch.val_auroc_macro !== null);
  const auroc = ranked
    ? figure({
        number: page.nextFigure(),
        chart: page.chart(aurocChart(training)),
        caption: html`Macro AUROC of the validation fold (${images('val')}), mean of ${scored} of ${evaluation.findings.length} findings. Epoch ${kept.epoch} was kept.`,
      })
    : null;
  return html`<div class="two">${loss}
${auroc}</div>
${epochTable(page)}`;
}

function epochTable(page: Page<ReportFacts>): Html {
  const {epochs} = page.facts.training;
  const absent = html`<span class="absent">undefined</span>`;
  return html`<details><summary>Data of these figures</summary>${table({
    id: 'epochs',
    number: page.nextTable(),
    caption:
      'One row per epoch: loss per label, macro AUROC of the validation fold, learning rate at its end, times.',
    head: headRow(
      'Epoch',
      over('Train loss'),
      over('Validation loss'),
      over('Validation macro AUROC'),
      over('Learning rate'),
      over('Seconds'),
      over('Images/s'),
    ),
    body: epochs.map(
      (
        epoch,
      ) => html`<tr><th scope="row">${epoch.epoch}${epoch.is_best ? ' (best so far)' : null}</th><td class="right">${epoch.train_loss === null ? absent : fixed(epoch.train_loss, 4)}</td><td class="right">${epoch.val_loss === null ? absent : fixed(epoch.val_loss, 4)}</td><td class="right">${epoch.val_auroc_macro === null ? absent : metric(epoch.val_auroc_macro)}</td><td class="right">${epoch.learning_rate.toExponential(2)}</td><td class="right">${fixed(epoch.seconds, 1)}</td><td class="right">${fixed(epoch.images_per_second, 1)}</td></tr>
`,
    ),
  })}</details>`;
}
