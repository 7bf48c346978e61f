import {countOf} from '../../pipeline/model/words.js';
import type {AdjudicatedFacts, DataCardFacts} from '../card-facts.js';
import {headRow, over, table} from '../elements.js';
import {type Html, type HtmlValue, html} from '../html.js';
import {fixed, inProse, percent} from '../numbers.js';
import type {Page} from '../page.js';

type Compared = AdjudicatedFacts['labels'][number];

/** How well a label agrees with the radiologists'; null where there is nothing to divide by. */
export function agreementOf({both, onlyHere, onlyThere, neither}: Compared): Readonly<{
  sensitivity: number | null;
  precision: number | null;
  /** Cohen 1960. */
  kappa: number | null;
}> {
  const all = both + onlyHere + onlyThere + neither;
  const [here, there] = [both + onlyHere, both + onlyThere];
  const chance = (here * there + (all - here) * (all - there)) / all ** 2;
  return {
    sensitivity: there === 0 ? null : both / there,
    precision: here === 0 ? null : both / here,
    kappa: all === 0 || chance === 1 ? null : ((both + neither) / all - chance) / (1 - chance),
  };
}

/** Labels against those of radiologists, where the data set came with them. */
export function agreementTable(page: Page<DataCardFacts>): Html {
  const {adjudicated} = page.facts;
  if (adjudicated === null || adjudicated.images === 0)
    return html`<p>The labels that radiologists adjudicated were not given (parameter <code>adjudicated</code> of the data set). What was found with them elsewhere stands under <a href="#known">what is known</a>.</p>
`;
  return table({
    id: 'agreement',
    number: page.nextTable(),
    caption: html`Labels of the data set against those that radiologists adjudicated (Majkowska et al. 2020), on the <span class="keep">n = ${countOf(adjudicated.images, 'image')}</span> that have both. Sensitivity: share of the radiologists’ cases that the label finds. Right: share of the images with the label in which the radiologists agree. Kappa: agreement beyond chance; 1 is perfect, 0 is chance. Shares of fewer than ${FEW} images are not given.`,
    shape: 'fit',
    head: headRow(
      'Label',
      'Stands for it here',
      over(html`Here and<br>there`),
      over(html`Here<br>only`),
      over(html`There<br>only`),
      over(html`Sensi-<br>tivity, %`),
      over(html`Right,<br>%`),
      over('Kappa'),
    ),
    body: adjudicated.labels.map(row),
  });
}

/** Of fewer images than this a share says nothing. */
const FEW = 10;

function row(of: Compared): Html {
  const {sensitivity, precision, kappa} = agreementOf(of);
  const [here, there] = [of.both + of.onlyHere, of.both + of.onlyThere];
  const cell = (value: HtmlValue): Html => html`<td class="right">${value}</td>`;
  const share = (value: number | null, n: number): HtmlValue =>
    value === null || n < FEW ? html`<span class="absent">n = ${n}</span>` : percent(value);
  const chance = kappa === null || Math.min(here, there) < FEW;
  return html`<tr><th scope="row">${of.label}</th><td>${of.findings.map(inProse).join(', ')}</td>${cell(fixed(of.both, 0))}${cell(fixed(of.onlyHere, 0))}${cell(fixed(of.onlyThere, 0))}${cell(share(sensitivity, there))}${cell(share(precision, here))}${cell(chance ? html`<span class="absent">too few</span>` : fixed(kappa, 2))}</tr>
`;
}
