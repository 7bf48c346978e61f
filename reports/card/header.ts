import {FINDINGS} from '../../pipeline/model/findings.js';
import {countOf, formatBytes, formatCount} from '../../pipeline/model/words.js';
import {sharedPatients} from '../audit.js';
import type {DataCardFacts} from '../card-facts.js';
import type {Doubt} from '../doubts/doubt.js';
import {type FirstScreen, firstScreen, keyFigure} from '../first-screen.js';
import {type Html, html} from '../html.js';
import {fixed, inProse, percent, shortDigest} from '../numbers.js';
import {originWords} from '../sections/sources.js';
import {cardVerdict} from './verdict.js';

/** The first screen: what is there and what to doubt side by side, the key figures, and what holds for all of them. */
export function cardHeader(facts: DataCardFacts, doubts: readonly Doubt[]): Html {
  const dataset = facts.artifacts.find(({type}) => type === 'dataset');
  return firstScreen({
    kind: 'Data card',
    title: facts.title,
    identity: html`${originWords(facts.data)} · ${FINDINGS.length} findings${dataset === undefined ? null : html` · data set <span class="digest">${shortDigest(dataset.output)}</span>`}`,
    verdict: cardVerdict(facts),
    doubts,
    keys: keyFigures(facts),
    conditions: conditions(facts),
    paths: {
      fiveMinutes: html`<a href="#images">the images</a> and <a href="#doubts">the doubts</a>`,
      hour: 'the lists that they name',
    },
  });
}

function keyFigures({data, content, split}: DataCardFacts): readonly Html[] {
  const ranked = FINDINGS.map((finding, index) => ({finding, ...content.findings[index]!})).sort(
    (a, b) => a.images - b.images,
  );
  const rarest = ranked[0]!;
  const none = ranked.filter(({images}) => images === 0).length;
  const {median, most, top} = content.perPatient;
  const shared =
    split === null ? {value: 'not divided', below: ['no folds were given']} : sharedPatients(split);
  return [
    keyFigure('Images at hand', formatCount(data.atHand), [
      `of ${formatCount(data.whole ?? data.images)}`,
      data.atHand === data.images ? null : `${countOf(data.images, 'row')} of metadata`,
    ]),
    keyFigure(
      'Patients',
      formatCount(data.patients),
      most === 1
        ? ['one image each']
        : [
            `median ${fixed(median, Number.isInteger(median) ? 0 : 1)}, at most ${countOf(most, 'image')}`,
            `1% have ${percent(top.share)}% of the images`,
          ],
    ),
    keyFigure(
      'Images without a finding',
      `${percent(data.images === 0 ? 0 : content.noFinding.images / data.images)}%`,
      [countOf(content.noFinding.images, 'image'), `${formatCount(content.several)} have several`],
    ),
    keyFigure(
      'Rarest finding',
      formatCount(rarest.images),
      none > 0
        ? [`${countOf(none, 'finding has', 'findings have')} no image`]
        : [
            `${rarest.images === 1 ? 'image' : 'images'} with ${inProse(rarest.finding)}`,
            `of ${countOf(rarest.patients, 'patient')}`,
          ],
    ),
    keyFigure('Patients shared between folds', shared.value, shared.below),
  ];
}

function conditions({data, intake, split, content, images}: DataCardFacts): FirstScreen['conditions'] {
  return [
    ['Labels', data.labels.state],
    ['Files', data.atHand === 0 ? 'none at hand' : formatBytes(intake.files.bytes)],
    [
      'Decoded',
      images === null ? 'not yet' : `${formatCount(images.count)} at ${images.size} × ${images.size}`,
    ],
    [
      'Boxes',
      content.boxes.boxes === 0
        ? 'none'
        : `${formatCount(content.boxes.boxes)} in ${countOf(content.boxes.images, 'image')}`,
    ],
    ['Split', split?.description ?? 'none'],
  ];
}
