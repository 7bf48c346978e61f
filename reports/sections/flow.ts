import type {Fold} from '../../pipeline/model/findings.js';
import {countOf, formatCount} from '../../pipeline/model/words.js';
import type {DescribedData, FoldFacts} from '../data-facts.js';
import {type Html, type HtmlValue, html} from '../html.js';
import type {Page} from '../page.js';
import {foldTitle} from '../scored.js';

/** One station of the images: how many there are, and beside it what happened to the others. */
export type FlowStep = Readonly<{title: string; holds: HtmlValue; beside: HtmlValue}>;

/** What of the folds is in the data set, where that is not all; as a sentence, else empty. */
export function partOfFolds({split}: Pick<DescribedData, 'split'>): string {
  const folds = split?.folds ?? [];
  const sum = (count: (fold: FoldFacts) => number): number =>
    folds.reduce((total, fold) => total + count(fold), 0);
  const [all, here] = [sum(({images}) => images), sum((fold) => fold.here.images)];
  return all === here
    ? ''
    : `The folds are of ${countOf(all, 'row')} of metadata; ${countOf(here, 'image')} of them ${here === 1 ? 'is' : 'are'} at hand.`;
}

/** What happened to every image: boxes from above, with the folds side by side at the end. */
export function flow(
  page: Page<DescribedData>,
  of: Readonly<{
    steps: readonly FlowStep[];
    /** The fold with a frame of its own, and what becomes of each. */
    folds: Readonly<{scored: Fold | null; use(fold: FoldFacts): string | null}>;
    caption: HtmlValue;
  }>,
): Html {
  const folds = page.facts.split?.folds ?? [];
  const boxes = of.steps.map(
    ({title, holds, beside}) =>
      html`<li><div class="box"><b>${title}</b>${holds}</div>${beside === null ? null : html`<div class="beside">${beside}</div>`}</li>
`,
  );
  const last =
    folds.length === 0
      ? null
      : html`<li><ul class="folds">${folds.map((one) => foldBox(one, of.folds))}</ul></li>
`;
  return html`<figure>
<ol class="flow">
${boxes}${last}</ol>
<figcaption><b>${page.nextFigure()}.</b> ${of.caption}</figcaption>
</figure>
`;
}

function foldBox(
  one: FoldFacts,
  {scored, use}: Readonly<{scored: Fold | null; use(fold: FoldFacts): string | null}>,
): Html {
  const words = use(one);
  const {images, patients} = one.here;
  const held =
    images === one.images
      ? countOf(images, 'image')
      : `${formatCount(images)} of ${countOf(one.images, 'image')} at hand`;
  return html`<li class="box${one.fold === scored ? ' scored' : null}"><b>${foldTitle(one.fold)}</b>${held} · ${countOf(patients, 'patient')}${words === null ? null : html`<br>${words}`}</li>`;
}
