import {countOf, formatCount, listWords} from '../../pipeline/model/words.js';
import {auditFinding} from '../audit.js';
import type {AuditFact, DescribedData, FoldFacts, GroupFacts} from '../data-facts.js';
import {capitalized, percent, spelled} from '../numbers.js';
import {foldName} from '../scored.js';
import type {Doubt} from './doubt.js';

/** Limits that lie in the data and in how they were divided. */
export function dataDoubts(facts: DescribedData): Doubt[] {
  return [
    syntheticImages(facts),
    minedLabels(facts),
    subset(facts),
    largerFolds(facts),
    ...leaks(facts),
    unlikeFolds(facts),
    quarantine(facts),
  ].flat();
}

function syntheticImages({data}: DescribedData): Doubt[] {
  if (data.origin !== 'synthetic') return [];
  return [
    {
      severity: 'serious',
      short: 'The radiographs are synthetic.',
      claim: 'The radiographs are synthetic.',
      consequence:
        'The scores show that the pipeline works, not how well a model reads radiographs of people.',
      evidence: `All ${countOf(data.images, 'image')} were drawn by the pipeline with findings that a network can learn.`,
    },
  ];
}

function minedLabels({data}: DescribedData): Doubt[] {
  if (data.origin !== 'chestxray14') return [];
  return [
    {
      severity: 'serious',
      short: 'Labels come from report text, not from images.',
      claim: 'The reference labels were read from report text, not from images.',
      consequence: 'All scores measure agreement with those labels, not with disease.',
      evidence:
        'Against radiologists on 4,376 images of this data set the pneumothorax label has a sensitivity of 0.46 and a positive predictive value of 0.46.',
    },
  ];
}

function subset({data}: DescribedData): Doubt[] {
  if (data.whole === null || data.images >= data.whole) return [];
  const share = `${formatCount(data.images)} of ${formatCount(data.whole)}`;
  return [
    {
      severity: data.images < data.whole / 2 ? 'serious' : 'moderate',
      short: `Only ${share} images are there.`,
      claim: `Only ${share} images of the data set are there.`,
      consequence: 'No result on them can stand beside results on the whole data set.',
      evidence: `${countOf(data.images, 'image')} of ${countOf(data.patients, 'patient')}; how they were chosen is not recorded here.`,
    },
  ];
}

/** Folds made of the tables of more images than are there. */
function largerFolds({split}: DescribedData): Doubt[] {
  const short = (split?.folds ?? []).filter(({images, here}) => here.images < images);
  const last = short.at(-1);
  if (last === undefined) return [];
  const held = ({fold, images, here}: FoldFacts): string =>
    `${foldName(fold)} ${formatCount(here.images)} of ${formatCount(images)}`;
  return [
    {
      severity: 'serious',
      short: `The folds are not all there: ${held(last)} images.`,
      claim: 'Images of the folds are not at hand.',
      consequence:
        'What is trained and scored here is a part of each fold: no result of the whole folds can stand beside it, and the shares of the parts are not those of the folds.',
      evidence: `${capitalized(listWords(short.map(held)))} images.`,
    },
  ];
}

function leaks({split}: DescribedData): Doubt[] {
  const found = (split?.audit ?? []).filter(({status}) => status === 'failed' || status === 'accepted');
  return found.map((check) => ({
    severity: 'serious',
    short: `${auditFinding(check)}${accepted(check)}.`,
    claim: `${auditFinding(check)}${accepted(check)}.`,
    consequence: 'What the model has seen in training may be in the test fold, and the scores be too high.',
    evidence: `${capitalized(check.detail)}.`,
  }));
}

function accepted({status}: AuditFact): string {
  return status === 'accepted' ? ' (accepted by the configuration)' : '';
}

/** Test and train differ by more than this share of AP views, or of images without a finding. */
const UNLIKE = 0.1;

/** In fewer images folds differ by chance. */
const MANY = 1000;

function unlikeFolds({split}: DescribedData): Doubt[] {
  const fold = (name: string): GroupFacts | undefined => split?.folds.find((one) => one.fold === name)?.here;
  const [train, test] = [fold('train'), fold('test')];
  if (train === undefined || test === undefined || Math.min(train.images, test.images) < MANY) return [];
  const kinds = [
    {what: 'AP views', share: (one: GroupFacts) => one.apShare},
    {what: 'no finding', share: (one: GroupFacts) => one.noFinding / one.images},
  ].flatMap(({what, share}) => {
    const [fitted, scored] = [share(train), share(test)];
    if (fitted === null || scored === null || Math.abs(fitted - scored) < UNLIKE) return [];
    return [`${what} ${percent(scored)}% in test, ${percent(fitted)}% in train`];
  });
  if (kinds.length === 0) return [];
  return [
    {
      severity: 'moderate',
      short: 'The test fold is another population than the train fold.',
      claim: 'The test fold is another population than the train fold.',
      consequence: 'Scores on it do not compare with scores of a split at random.',
      evidence: `${capitalized(kinds.join('; '))}.`,
    },
  ];
}

function quarantine({images}: DescribedData): Doubt[] {
  if (images === null || images.quarantined === 0) return [];
  const all = images.count + images.quarantined;
  const named = images.examples.map((example) => `${example.image} (${example.reason})`);
  return [
    {
      severity: images.quarantined > all / 1000 ? 'moderate' : 'minor',
      short: `${capitalized(countOf(images.quarantined, 'unreadable image'))}.`,
      claim: `${capitalized(spelled(images.quarantined))} ${images.quarantined === 1 ? 'image was' : 'images were'} unreadable and left out.`,
      consequence: 'No fold holds them, and no score counts them.',
      evidence: `${listWords(named)}${images.quarantined > named.length ? ` and ${countOf(images.quarantined - named.length, 'more', 'more')}` : ''}; of ${formatCount(all)}.`,
    },
  ];
}
