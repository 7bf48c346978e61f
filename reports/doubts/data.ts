import {countOf, formatCount, listWords} from '../../pipeline/model/words.js';
import type {ReportFacts} from '../facts.js';
import {capitalized, spelled} from '../numbers.js';
import type {Doubt} from './doubt.js';

/** Limits that lie in the data and in how they were divided. */
export function dataDoubts(facts: ReportFacts): Doubt[] {
  return [
    syntheticImages(facts),
    minedLabels(facts),
    subset(facts),
    ...leaks(facts),
    quarantine(facts),
  ].flat();
}

function syntheticImages({data}: ReportFacts): Doubt[] {
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

function minedLabels({data}: ReportFacts): Doubt[] {
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

function subset({data}: ReportFacts): Doubt[] {
  if (data.whole === null || data.images >= data.whole) return [];
  const share = `${formatCount(data.images)} of ${formatCount(data.whole)}`;
  return [
    {
      severity: data.images < data.whole / 2 ? 'serious' : 'moderate',
      short: `Only ${share} images were used.`,
      claim: `Only ${share} images of the data set were used.`,
      consequence: 'The result cannot stand beside results on the whole data set.',
      evidence: `${countOf(data.images, 'image')} of ${countOf(data.patients, 'patient')}; how they were chosen is not recorded here.`,
    },
  ];
}

function leaks({split}: ReportFacts): Doubt[] {
  return split.audit
    .filter((check) => !check.passed)
    .map((check) => ({
      severity: 'serious',
      short: `${check.check}: ${formatCount(check.count)}.`,
      claim: `${check.check}: ${formatCount(check.count)}.`,
      consequence: 'What the model has seen in training may be in the test fold, and the scores be too high.',
      evidence: check.detail,
    }));
}

function quarantine({images}: ReportFacts): Doubt[] {
  if (images.quarantined === 0) return [];
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
