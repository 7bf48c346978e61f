import {countOf, formatCount} from '../../pipeline/model/words.js';
import type {DataCardFacts} from '../card-facts.js';
import {spelled} from '../numbers.js';
import {agreementOf} from './agreement.js';

/** Exactly two sentences: what is there, and what it is not good for. */
export function cardVerdict(facts: DataCardFacts): Readonly<{finding: string; limit: string}> {
  return {finding: finding(facts), limit: limit(facts)};
}

function finding(facts: DataCardFacts): string {
  const {data} = facts;
  const whose = countOf(data.patients, 'patient');
  if (data.origin === 'synthetic')
    return `${countOf(data.images, 'synthetic image')} of ${whose} were drawn, with 14 labels that are known because the findings were drawn too${readable(facts)}.`;
  if (data.origin === 'other')
    return data.atHand === 0
      ? `No image is at hand: this card describes the metadata of ${countOf(data.images, 'image')} of ${whose}, with labels as its tables give them.`
      : `${countOf(data.atHand, 'radiograph')} of ${whose} ${data.atHand === 1 ? 'is' : 'are'} at hand, with labels as the tables give them${readable(facts)}.`;
  const labels = data.labels.known
    ? `labels of state ${data.labels.state}`
    : 'labels of a state that could not be told';
  if (data.atHand === 0)
    return `None of the ${formatCount(data.whole ?? data.images)} images of ChestX-ray14 is at hand: this card describes the metadata of ${countOf(data.images, 'image')} of ${whose}, with ${labels}.`;
  const some =
    data.whole === null || data.atHand >= data.whole
      ? `All ${countOf(data.atHand, 'image')} of ChestX-ray14 are at hand`
      : `${formatCount(data.atHand)} of the ${formatCount(data.whole)} images of ChestX-ray14 ${data.atHand === 1 ? 'is' : 'are'} at hand`;
  return `${some}, from ${whose}, with ${labels}${readable(facts)}.`;
}

function readable({images}: DataCardFacts): string {
  if (images === null) return '';
  if (images.quarantined === 0) return '; every one could be read';
  return `; ${spelled(images.quarantined)} could not be read`;
}

function limit({data, adjudicated}: DataCardFacts): string {
  if (data.origin === 'synthetic')
    return 'They show no person: they are there to see that everything works, not to learn what radiographs look like.';
  if (data.origin === 'other')
    return 'Who collected them and how the labels were made is not recorded, so nothing is known here of how far the labels can be trusted.';
  if (data.atHand > 0 && data.whole !== null && data.atHand < data.whole)
    return 'How they were chosen is not recorded, so no share on this page holds for the whole data set, and no result on them compares with a published one.';
  const measured = adjudicated?.labels.find(
    ({label, both, onlyThere}) => label === 'Pneumothorax' && both + onlyThere > 0,
  );
  const {sensitivity, precision} = measured === undefined ? PUBLISHED : agreementOf(measured);
  if (sensitivity === null || precision === null)
    return 'Labels were read from report text: they are what a report said, not what an image shows.';
  const share = (value: number): string => `${(100 * value).toFixed(0)}%`;
  return `Labels were read from report text: against radiologists the one for pneumothorax finds ${share(sensitivity)} of the cases and is right in ${share(precision)} of the images that have it.`;
}

/** Counted on the 4,376 images of Majkowska et al. 2020; see caveats.ts. */
const PUBLISHED = {sensitivity: 0.458, precision: 0.458} as const;
