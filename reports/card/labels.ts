import {FINDINGS} from '../../pipeline/model/findings.js';
import {countOf, formatCount} from '../../pipeline/model/words.js';
import type {DataCardFacts} from '../card-facts.js';
import {factList, section} from '../elements.js';
import {type Html, html} from '../html.js';
import {inProse, percent, spelled} from '../numbers.js';
import type {Page} from '../page.js';
import {closestPair, coOccurrence} from '../sections/co-occurrence.js';
import {prevalenceTable} from '../sections/labels.js';
import {referenceWords} from '../sections/sources.js';
import {agreementTable} from './agreement.js';

/** What the labels say: how often each finding is there, which come together, and how far they can be trusted. */
export function labelSection(page: Page<DataCardFacts>, number: number): Html {
  const {facts} = page;
  const {data, content} = facts;
  const real = data.origin === 'chestxray14';
  return section({
    number,
    id: 'labels',
    question: 'What do the labels say?',
    answer: answer(facts),
    body: html`${factList([
      ['Label state', `${data.labels.state}: ${data.labels.because}`],
      ['Reference standard', referenceWords(data, FINDINGS.length)],
      [
        'Boxes',
        content.boxes.boxes === 0
          ? 'none'
          : `${countOf(content.boxes.boxes, 'box', 'boxes')} around findings in ${countOf(content.boxes.images, 'image')}${real ? ', drawn by a radiologist' : ''}`,
      ],
    ])}
<h3>How often each finding is there</h3>
${prevalenceTable(page)}
<h3>Which findings come together</h3>
${coOccurrence(page)}
${
  real
    ? html`<h3>Against radiologists</h3>
${agreementTable(page)}`
    : null
}`,
  });
}

function answer({data, content}: DataCardFacts): string {
  const ranked = FINDINGS.map((finding, index) => ({finding, ...content.findings[index]!})).sort(
    (a, b) => b.images - a.images,
  );
  const share = (images: number): string => `${percent(data.images === 0 ? 0 : images / data.images)}%`;
  const [most, least] = [ranked[0]!, ranked.at(-1)!];
  const none = ranked.filter(({images}) => images === 0).length;
  const rarest =
    none === 0
      ? `${inProse(least.finding)} the rarest (${countOf(least.images, 'image')} of ${formatCount(data.images)})`
      : `${spelled(none)} ${none === 1 ? 'finding has' : 'findings have'} no image at all`;
  const pair = closestPair(content);
  const together =
    pair === null ? '' : `; of the images with ${pair.of}, ${pair.share} have ${pair.also} too`;
  return `${share(content.noFinding.images)} of the images have no finding; ${inProse(most.finding)} is the commonest (${share(most.images)}), ${rarest}${together}.`;
}
