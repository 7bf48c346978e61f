import {listWords} from '../../pipeline/model/words.js';
import {headRow, over, table} from '../elements.js';
import type {ReportFacts} from '../facts.js';
import {type Html, type HtmlValue, html} from '../html.js';
import {inTable, metric} from '../numbers.js';
import type {Page} from '../page.js';
import {PUBLISHED, publishedMean, publishedOf} from '../published.js';
import {scoredFold} from '../scored.js';

/** Published AUROC on the same test images; a sentence where there are none, because splits move scores. */
export function publishedTable(page: Page<ReportFacts>): Html {
  const {facts} = page;
  const fold = scoredFold(facts.evaluation);
  if (facts.split.method !== 'chexnet-lists' || fold.fold !== 'test')
    return html`<p>${whyNone(page)}</p>
`;
  const macro = fold.averages.auroc.macro;
  const line = (name: HtmlValue, own: HtmlValue, others: readonly HtmlValue[], plain = false): Html =>
    html`<tr${plain ? html` class="plain"` : null}><th scope="row">${name}</th><td class="right"><b>${own}</b></td>${others.map((other) => html`<td class="right">${other}</td>`)}</tr>
`;
  return html`${table({
    id: 'published',
    number: page.nextTable(),
    caption:
      'Published AUROC on the same split only (78,468 / 11,219 / 22,433 images). Point values as published, rounded; their predictions are not public, so no test of a difference was made.',
    shape: 'wide',
    head: headRow(
      'Finding',
      over('This run'),
      ...PUBLISHED.map(({name}) =>
        over(name.split(', ').map((part, index) => (index === 0 ? part : html`<br>${part}`))),
      ),
    ),
    body: fold.classes.map((one) =>
      line(
        inTable(one.finding),
        one.auroc.defined ? metric(one.auroc.value) : html`<span class="absent">undefined</span>`,
        publishedOf(one.finding).map(metric),
      ),
    ),
    foot: html`${line(
      'Macro',
      macro.defined ? metric(macro.value) : 'undefined',
      PUBLISHED.map((one) => metric(publishedMean(one))),
    )}${line(
      'Test-time augmentation',
      'none',
      PUBLISHED.map(({augmentation}) => augmentation),
      true,
    )}`,
  })}
<p class="note">Sources: ${listWords(PUBLISHED.map(({name, source}) => `${name}: ${source}`))}.</p>
<div class="aside"><p><b>Left out of this comparison, and why.</b> CheXNet (2017, mean 0.841): its split was never published. Wang et al. (2017) and results on the official split: other test images. A result stands here only if its test images are these.</p></div>
`;
}

function whyNone({facts}: Page<ReportFacts>): string {
  if (facts.data.origin === 'synthetic')
    return 'None is shown: these images are synthetic, so no published result was made on them.';
  return `None is shown: published results were made on other test images, and the choice of test images moves a macro AUROC by more than models differ. Results stand here only when the split is that of the CheXNet lists; this one is ${facts.split.description}.`;
}
