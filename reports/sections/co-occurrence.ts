import {FINDINGS} from '../../pipeline/model/findings.js';
import {countOf, formatCount} from '../../pipeline/model/words.js';
import type {DescribedData} from '../data-facts.js';
import {type Heading, headRow, over, table} from '../elements.js';
import {type Html, html} from '../html.js';
import {inProse, inTable, percent} from '../numbers.js';
import type {Page} from '../page.js';

/** Of fewer images a share says nothing. */
const FEW = 10;

/** Lower bounds of the shades of a cell, in shares: 0 is unshaded. */
const SHADES = [0.05, 0.1, 0.2, 0.3] as const;

/** Which findings come together: shares as numbers with a shade, and the counts below. */
export function coOccurrence(page: Page<DescribedData>): Html {
  const {data, content} = page.facts;
  const steps = SHADES.map(
    (from, index) =>
      html`${index === 0 ? null : ', '}<span class="key shade${index + 1}"></span>from ${100 * from}%`,
  );
  const shares = table({
    id: 'together',
    number: page.nextTable(),
    caption: html`Findings that come together: of the images with the finding of a row, the share that also has the finding of a column, % (rounded; n = images with the finding of the row). Framed: images with that finding alone. ${countOf(content.several, 'image has', 'images have')} several findings, of ${formatCount(data.images)}. Shades: ${steps}.`,
    shape: 'heat',
    head: headRow('Of images with', over('n'), ...FINDINGS.map((finding): Heading => turned(finding))),
    body: FINDINGS.map((_, index) => shareRow(content, index)),
  });
  return html`${shares}
<details><summary>Counts of this table</summary>${countTable(page)}</details>
`;
}

/** The two findings of which the one comes most often with the other; null when none does often. */
export function closestPair({
  findings,
  coOccurrence: counts,
}: DescribedData['content']): Readonly<{of: string; also: string; share: string}> | null {
  const pairs = FINDINGS.flatMap((of, row) =>
    FINDINGS.flatMap((also, column) => {
      const images = findings[row]!.images;
      return row === column || images < FEW ? [] : [{of, also, share: counts[row]![column]! / images}];
    }),
  );
  const closest = pairs.reduce<(typeof pairs)[number] | null>(
    (best, pair) => (pair.share > (best?.share ?? 0) ? pair : best),
    null,
  );
  if (closest === null || closest.share < SHADES[0]) return null;
  const {of, also, share} = closest;
  return {of: inProse(of), also: inProse(also), share: `${percent(share)}%`};
}

function turned(finding: string): Html {
  return html`<span class="turned">${inTable(finding)}</span>`;
}

function shareRow({findings, coOccurrence: counts}: DescribedData['content'], row: number): Html {
  const {images, alone} = findings[row]!;
  const name = html`<th scope="row">${inTable(FINDINGS[row]!)}</th><td class="right">${formatCount(images)}</td>`;
  if (images < FEW)
    return html`<tr>${name}<td class="absent" colspan="${FINDINGS.length}">${images === 0 ? 'no image' : `n < ${FEW}: no shares; the counts stand below`}</td></tr>
`;
  const cells = FINDINGS.map((_, column) => {
    const share = (row === column ? alone : counts[row]![column]!) / images;
    return html`<td class="${row === column ? 'alone' : shadeOf(share)}">${whole(share)}</td>`;
  });
  return html`<tr>${name}${cells}</tr>
`;
}

function shadeOf(share: number): string {
  return share === 0 ? 'none' : `shade${SHADES.filter((from) => share >= from).length}`;
}

/** Whole per cents; what is less than one but not nothing is said to be. */
function whole(share: number): string {
  if (share > 0 && share < 0.005) return '<1';
  return (100 * share).toFixed(0);
}

function countTable(page: Page<DescribedData>): Html {
  const {coOccurrence: counts} = page.facts.content;
  return table({
    id: 'together-counts',
    number: page.nextTable(),
    caption: 'Images that have both findings; framed: images that have the finding at all.',
    shape: 'heat',
    head: headRow('Finding', ...FINDINGS.map((finding): Heading => turned(finding))),
    body: counts.map(
      (cells, row) =>
        html`<tr><th scope="row">${inTable(FINDINGS[row]!)}</th>${cells.map((count, column) => html`<td class="${row === column ? 'alone' : count === 0 ? 'none' : 'shade0'}">${formatCount(count)}</td>`)}</tr>
`,
    ),
  });
}
