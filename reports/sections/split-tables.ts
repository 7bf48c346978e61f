import {FINDINGS} from '../../pipeline/model/findings.js';
import {formatCount} from '../../pipeline/model/words.js';
import type {DescribedData, FoldFacts, SplitFacts} from '../data-facts.js';
import {headRow, over, table} from '../elements.js';
import {type Html, type HtmlValue, html} from '../html.js';
import {fixed, inTable, percent} from '../numbers.js';
import type {Page} from '../page.js';
import {foldTitle} from '../scored.js';
import {partOfFolds} from './flow.js';
import {raceRemark} from './people.js';

/** Data that were divided. */
export type SplitView = DescribedData & Readonly<{split: SplitFacts}>;

/** Positive images per label and fold, with the largest gap between two folds: is the test fold like the rest? */
export function splitTable(page: Page<SplitView>): Html {
  const {facts} = page;
  const {folds, description} = facts.split;
  const part = partOfFolds(facts);
  const head = html`<tr><th scope="col" rowspan="2">Label</th>${folds.map(({fold}) => html`<th scope="colgroup" colspan="2" class="span">${foldTitle(fold)}</th>`)}<th scope="col" rowspan="2" class="right">Largest<br>gap, pp</th></tr>
<tr>${folds.map(() => html`<th scope="col" class="right">n</th><th scope="col" class="right">%</th>`)}</tr>`;
  const rows = FINDINGS.map((finding, index) =>
    row(inTable(finding), folds, (fold) => fold.positives[index] ?? 0),
  );
  const totals = (name: string, value: (fold: FoldFacts) => number): Html =>
    html`<tr><th scope="row">${name}</th>${folds.map((fold) => html`<td class="right">${formatCount(value(fold))}</td><td></td>`)}<td></td></tr>
`;
  return table({
    id: 'split-card',
    number: page.nextTable(),
    caption: html`Split card. Positive images per label and fold, and their share of the fold’s images. Split: ${description}; labels: ${facts.data.labels.state}. ${part === '' ? null : `All rows of the tables are counted. ${part} `}Gap: largest difference between two folds, percentage points.`,
    shape: 'fit',
    head,
    body: rows,
    foot: html`${row('No finding', folds, (fold) => fold.noFinding)}${totals('Images', (fold) => fold.images)}${totals('Patients', (fold) => fold.patients)}`,
  });
}

function row(name: string, folds: readonly FoldFacts[], positives: (fold: FoldFacts) => number): Html {
  const shares = folds.map((fold) => (fold.images === 0 ? 0 : positives(fold) / fold.images));
  const cells = folds.map(
    (fold, index) =>
      html`<td class="right">${formatCount(positives(fold))}</td><td class="right">${percent(shares[index]!)}</td>`,
  );
  return html`<tr><th scope="row">${name}</th>${cells}<td class="right">${percent(Math.max(...shares) - Math.min(...shares))}</td></tr>
`;
}

/** Sex, view, age and images per patient of each fold. */
export function peopleTable(page: Page<SplitView>): Html {
  const {facts} = page;
  const {folds} = facts.split;
  const line = (name: HtmlValue, value: (fold: FoldFacts) => string | null): Html =>
    html`<tr><th scope="row">${name}</th>${folds.map((fold) => html`<td class="right">${value(fold) ?? notRecorded}</td>`)}</tr>
`;
  const share = (value: number | null): string | null => (value === null ? null : percent(value));
  return table({
    id: 'people',
    number: page.nextTable(),
    caption: html`Who is in each fold${partOfFolds(facts) === '' ? null : ', of all rows of the tables'}. ${raceRemark(facts)}`,
    shape: 'fit',
    head: headRow('Property', ...folds.map(({fold}) => over(`${foldTitle(fold)}`))),
    body: [
      line('Female, % of images', (fold) => share(fold.femaleShare)),
      line('AP view, % of images', (fold) => share(fold.apShare)),
      line('Age, median (quartiles), years', ({age}) =>
        age === null
          ? null
          : `${years(age.median)} (${years(age.lowerQuartile)} to ${years(age.upperQuartile)})`,
      ),
      line(
        'Images per patient, median (most)',
        ({imagesPerPatient}) => `${years(imagesPerPatient.median)} (${formatCount(imagesPerPatient.most)})`,
      ),
    ],
  });
}

const notRecorded = html`<span class="absent">not recorded</span>`;

function years(value: number): string {
  return fixed(value, Number.isInteger(value) ? 0 : 1);
}
