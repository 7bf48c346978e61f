import {formatCount} from '../../pipeline/model/words.js';
import {factList, section} from '../elements.js';
import type {ReportFacts} from '../facts.js';
import {type Html, html} from '../html.js';
import {percentLevel} from '../numbers.js';
import {credit} from './credit.js';

/** What the words mean, and whose data these are. */
export function wordsSection(facts: ReportFacts, number: number): Html {
  const {level, resamples, seed} = facts.evaluation.method;
  return section({
    number,
    id: 'words',
    question: 'What do the words mean?',
    answer: 'Every number above is one of these, and every term is used in this sense only.',
    body: html`${factList([
      [
        'AUROC',
        'Area under the ROC curve: how often a positive image is scored above a negative one, ties counted half. 0.5 is chance, 1 is perfect.',
      ],
      [
        'Average precision',
        'Area under the steps of the precision-recall curve. A guess reaches the prevalence, so it is read against that.',
      ],
      [
        'Macro, weighted, micro',
        'Mean of the findings; mean weighted by positives; all pairs of image and finding ranked together. They differ, so each is named.',
      ],
      [
        'Interval',
        `${percentLevel(level)}, symmetric in log odds, from the standard error over ${formatCount(resamples)} resamples of whole patients with all their images (seed ${seed}). Images of one patient resemble each other: intervals over images would be too narrow.`,
      ],
      [
        'Undefined',
        'A finding without a positive (or without a negative) image in a fold has no AUROC and no average precision. It is left out of the averages, and that is said.',
      ],
      [
        'Fold',
        'One of the three parts of the split: train fits the weights, validation chooses the epoch, test is scored once. A patient is in one fold only.',
      ],
      [
        'Fingerprint',
        'Digest of everything that a stage depends on: its parameters, inputs and version. Equal fingerprints promise equal results.',
      ],
      ['Output digest', 'Digest of the files that a stage left: equal digests are equal files.'],
      [
        'Skipped, restored, ran',
        'Nothing had changed since the last run; an older result has the same fingerprint; the stage was carried out.',
      ],
      ['Loader stall', 'Share of the training time in which the loop waited for its next batch.'],
    ])}
<h3>Whose data</h3>
${credit(facts.data)}`,
  });
}
