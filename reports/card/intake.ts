import {countOf, formatCount, listWords} from '../../pipeline/model/words.js';
import type {DataCardFacts, IntakeFacts} from '../card-facts.js';
import {headRow, over, section, table} from '../elements.js';
import {type Html, html} from '../html.js';
import type {Page} from '../page.js';
import {type FlowStep, flow, partOfFolds} from '../sections/flow.js';
import {sourceTitle, sourceWords} from '../sections/sources.js';
import {leftOutTable} from './left-out.js';

/** What came in, from where, and what was left out on the way. */
export function intakeSection(page: Page<DataCardFacts>, number: number): Html {
  const {data} = page.facts;
  return section({
    number,
    id: 'intake',
    question: 'What came in?',
    answer: answer(page.facts),
    body: html`${data.sources.length === 0 ? null : sourceTable(page)}
<h3>What became of every image</h3>
${imageFlow(page)}
${leftOutTable(page)}`,
  });
}

function answer({data, intake, images}: DataCardFacts): string {
  if (data.atHand === 0)
    return `Tables only: ${countOf(data.images, 'row')} of metadata, no image of which is at hand; what needs images is said where it is missing.`;
  const {missing, extra, unreadable} = intake;
  const lost = [
    missing.count > 0 ? `${countOf(missing.count, 'row has', 'rows have')} no image` : null,
    extra.count > 0 ? `${countOf(extra.count, 'image has', 'images have')} no row` : null,
    unreadable.count > 0 && images === null
      ? `${countOf(unreadable.count, 'file', 'files')} could not be read`
      : null,
    (images?.quarantined ?? 0) > 0
      ? `${countOf(images!.quarantined, 'image was', 'images were')} set aside when decoded`
      : null,
  ].filter((part) => part !== null);
  const end = lost.length === 0 ? 'nothing was left out' : listWords(lost);
  return `${countOf(data.atHand, 'image')} from ${sourceWords(data)}; ${end}.`;
}

function sourceTable(page: Page<DataCardFacts>): Html {
  return table({
    id: 'sources',
    number: page.nextTable(),
    caption: 'Where the images lie, with the number that was taken from each.',
    shape: 'fit',
    head: headRow('Kind', 'Source', over('Images')),
    body: page.facts.data.sources.map(
      ({kind, name, images}) =>
        html`<tr><th scope="row">${sourceTitle(kind)}</th><td><code>${name}</code></td><td class="right">${formatCount(images)}</td></tr>
`,
    ),
  });
}

function imageFlow(page: Page<DataCardFacts>): Html {
  const {data, split, intake} = page.facts;
  const rows = data.images + (data.atHand === 0 ? 0 : intake.missing.count);
  const named: FlowStep = {
    title: 'Named in the metadata',
    holds: countOf(rows, 'row'),
    beside:
      data.atHand === 0
        ? 'no image is at hand: give the data set a folder or archives, then they are matched, checked and decoded'
        : data.whole === null
          ? null
          : besideMetadata(data.whole, rows),
  };
  const steps = data.atHand === 0 ? [named] : [named, ...imageSteps(page.facts)];
  const what = data.atHand === 0 ? 'row' : 'image';
  const inFolds =
    split === null
      ? 'Nothing was divided into folds.'
      : split.notInAFold === 0
        ? `Every ${what} is in a fold.`
        : `${countOf(split.notInAFold, `${what} is`, `${what}s are`)} in no fold.`;
  return flow(page, {
    steps,
    folds: {scored: null, use: () => null},
    caption: `Images and patients at each step. ${[inFolds, partOfFolds(page.facts)].filter((part) => part !== '').join(' ')} Nothing leaves the flow without a row in a file.`,
  });
}

function imageSteps({data, intake, images}: DataCardFacts): readonly FlowStep[] {
  return [
    {
      title: 'With an image at hand',
      holds: `${countOf(data.atHand, 'image')} · ${countOf(data.patients, 'patient')}`,
      beside: besideMatched(intake),
    },
    {
      title: 'Decoded, checked and resized',
      holds:
        images === null
          ? 'not done'
          : `${countOf(images.count, 'image')} · ${images.size} × ${images.size} pixels`,
      beside:
        images === null
          ? 'needs the stage preprocess'
          : images.quarantined === 0
            ? '0 images quarantined'
            : `${countOf(images.quarantined, 'image')} quarantined: ${images.examples[0]?.reason ?? 'unreadable'}`,
    },
  ];
}

function besideMetadata(whole: number, rows: number): string {
  return rows === whole
    ? `all ${formatCount(whole)} of ChestX-ray14`
    : `of ${formatCount(whole)} in ChestX-ray14`;
}

function besideMatched({missing, extra, duplicates}: IntakeFacts): string {
  const parts = [
    `${countOf(missing.count, 'row')} without an image`,
    `${countOf(extra.count, 'image')} without a row`,
    `${countOf(duplicates.count, 'group')} of equal files`,
  ];
  return parts.join(' · ');
}
