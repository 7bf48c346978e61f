import {FINDINGS, type Fold} from '../../pipeline/model/findings.js';
import {countOf, formatCount} from '../../pipeline/model/words.js';
import type {DescribedData, FindingFacts} from '../data-facts.js';
import {type Heading, headRow, over, table} from '../elements.js';
import {type PrevalenceRow, prevalenceChart} from '../figures/prevalence.js';
import {type Html, html} from '../html.js';
import {fixed, inTable, percent} from '../numbers.js';
import type {Page} from '../page.js';
import {foldTitle} from '../scored.js';

/** How many images show what: counts and shares in all and by fold, as numbers and as bars. */
export function prevalenceTable(page: Page<DescribedData>): Html {
  const {data, content, split} = page.facts;
  // Of a fold without an image here there is no share.
  const folds = (split?.folds ?? []).filter(({here}) => here.images > 0);
  const rows = FINDINGS.map((_, index): PrevalenceRow => {
    const shares = folds.map((one) => ({
      fold: one.fold,
      share: shareOf(one.here.positives[index] ?? 0, one.here.images),
    }));
    return {share: shareOf(content.findings[index]!.images, data.images), folds: shares};
  });
  const [axis, ...strips] = page.bands(prevalenceChart(rows));
  return table({
    id: 'prevalence',
    number: page.nextTable(),
    caption: html`Images with each finding, of <span class="keep">n = ${countOf(data.images, 'image')}</span> of ${countOf(data.patients, 'patient')}; labels: ${data.labels.state}. An image may have several. ${legend(folds.map(({fold}) => fold))} AP and age: of the images with the finding.`,
    shape: 'forest',
    head: headRow(
      'Finding',
      over('Images'),
      over('%'),
      {over: axis!, strip: true},
      ...folds.map(({fold}): Heading => over(html`${foldTitle(fold)},<br>%`)),
      over('Patients'),
      over(html`AP<br>view, %`),
      over(html`Median<br>age`),
    ),
    body: FINDINGS.map((finding, index) =>
      row(inTable(finding), content.findings[index]!, {
        of: rows[index]!,
        strip: strips[index]!,
      }),
    ),
    foot: html`${row('No finding', content.noFinding, {
      of: {
        share: shareOf(content.noFinding.images, data.images),
        folds: folds.map((one) => ({fold: one.fold, share: shareOf(one.here.noFinding, one.here.images)})),
      },
      strip: null,
    })}`,
  });
}

function row(
  name: string,
  facts: FindingFacts,
  {of, strip}: Readonly<{of: PrevalenceRow; strip: Html | null}>,
): Html {
  const {images, patients, apShare, medianAge} = facts;
  const whom =
    apShare === null
      ? html`<td class="absent" colspan="2">no image</td>`
      : html`<td class="right">${percent(apShare)}</td>${medianAge === null ? html`<td class="absent">unknown</td>` : html`<td class="right">${fixed(medianAge, 0)}</td>`}`;
  return html`<tr><th scope="row">${name}</th><td class="right">${formatCount(images)}</td><td class="right">${percent(of.share)}</td><td class="strip">${strip}</td>${of.folds.map(({share}) => html`<td class="right">${percent(share)}</td>`)}<td class="right">${formatCount(patients)}</td>${whom}</tr>
`;
}

const SHAPES: Readonly<Record<Fold, string>> = {train: 'circle', val: 'square', test: 'triangle'};

function legend(folds: readonly Fold[]): Html {
  const marks = folds.map(
    (fold) => html`, <span class="key ${SHAPES[fold]}"></span>${foldTitle(fold).toLowerCase()}`,
  );
  return html`Bars: <span class="key${folds.length === 0 ? ' full' : null}"></span>% of all images${marks}.`;
}

function shareOf(images: number, of: number): number {
  return of === 0 ? 0 : images / of;
}
