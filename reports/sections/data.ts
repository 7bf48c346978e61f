import {countOf, formatCount} from '../../pipeline/model/words.js';
import {auditCheck} from '../audit.js';
import {factList, section} from '../elements.js';
import type {ReportFacts} from '../facts.js';
import {type Html, html} from '../html.js';
import {spelled} from '../numbers.js';
import type {Page} from '../page.js';
import {scoredFold} from '../scored.js';
import {auditList} from './audit.js';
import {coOccurrence} from './co-occurrence.js';
import {flow, partOfFolds} from './flow.js';
import {prevalenceTable} from './labels.js';
import {peopleFigures} from './people.js';
import {sampleGrid} from './samples.js';
import {originWords, referenceWords, sourceWords} from './sources.js';
import {peopleTable, splitTable} from './split-tables.js';

/** Which data: provenance, what happened to every image, what they show and of whom, the folds, the leakage audit. */
export function dataSection(page: Page<ReportFacts>, number: number): Html {
  const {facts} = page;
  const {data} = facts;
  const source =
    data.origin === 'synthetic'
      ? 'Synthetic radiographs in the shape of ChestX-ray14, drawn by the pipeline'
      : `${originWords(data)}, read from ${sourceWords(data)}`;
  return section({
    number,
    id: 'data',
    question: 'Which data?',
    answer: answer(facts),
    body: html`${factList([
      ['Source', source],
      ['Label state', `${data.labels.state}: ${data.labels.because}`],
      ['Reference standard', referenceWords(data, facts.evaluation.findings.length)],
      ['Split', facts.split.description],
      ...data.remarks.map(({name, text}) => [name, text] as const),
    ])}
<h3>From the source to the scored fold</h3>
${imageFlow(page)}
<h3>What the images show</h3>
${prevalenceTable(page)}
${coOccurrence(page)}
${sampleGrid(page)}
<h3>Of whom</h3>
${peopleFigures(page)}
<h3>What each fold holds</h3>
${splitTable(page)}
${peopleTable(page)}
<h3>Leakage audit</h3>
${auditList(facts.split)}`,
  });
}

function answer({data, images, split}: ReportFacts): string {
  const what =
    data.origin === 'synthetic'
      ? countOf(data.images, 'synthetic image')
      : data.whole !== null && data.images < data.whole
        ? `${formatCount(data.images)} of the ${formatCount(data.whole)} images of ChestX-ray14`
        : data.whole !== null
          ? `All ${formatCount(data.images)} images of ChestX-ray14`
          : countOf(data.images, 'image');
  const read =
    images.quarantined === 0
      ? 'all of them readable'
      : `of which ${spelled(images.quarantined)} could not be read and ${images.quarantined === 1 ? 'was' : 'were'} set aside`;
  const shared = auditCheck(split, 'patient-overlap');
  const apart =
    shared === null
      ? ''
      : shared.count === 0
        ? '; no patient is in two folds'
        : `; ${countOf(shared.count, 'patient is', 'patients are')} in more than one fold`;
  return `${what}${data.origin === 'synthetic' ? ' of' : ', from'} ${countOf(data.patients, 'patient')}, ${read}${apart}.`;
}

function imageFlow(page: Page<ReportFacts>): Html {
  const {data, images, split, evaluation, training} = page.facts;
  const scored = scoredFold(evaluation);
  const missing =
    data.whole === null || data.whole === data.images
      ? 'no image of the list is missing'
      : `${formatCount(data.whole - data.images)} images of the data set are not part of this run`;
  const quarantine =
    images.quarantined === 0
      ? '0 images quarantined'
      : `${countOf(images.quarantined, 'image')} quarantined: ${images.examples[0]?.reason ?? 'unreadable'}, listed in quarantine.csv`;
  return flow(page, {
    steps: [
      {
        title: 'Listed in the source',
        holds: `${countOf(data.images, 'image')} · ${countOf(data.patients, 'patient')}`,
        beside: missing,
      },
      {
        title: 'Decoded, checked and resized',
        holds: `${countOf(images.count, 'image')} · ${images.size} × ${images.size} pixels`,
        beside: quarantine,
      },
    ],
    folds: {
      scored: scored.fold,
      use: ({fold, images: all}) => {
        if (fold === scored.fold)
          return `scored once: ${countOf(scored.images, 'row')}, ${formatCount(all - scored.images)} missing, 0 twice`;
        if (fold === 'train') return `fits the weights, ${countOf(training.epochs.length, 'epoch')}`;
        return fold === 'val' ? 'chooses the epoch' : 'not scored';
      },
    },
    caption: [
      'Images and patients at each step.',
      split.notInAFold === 0
        ? 'Every image is in a fold.'
        : `${countOf(split.notInAFold, 'image is', 'images are')} in no fold.`,
      partOfFolds(page.facts),
      'Nothing leaves the flow without a row in a file.',
    ]
      .filter((part) => part !== '')
      .join(' '),
  });
}
