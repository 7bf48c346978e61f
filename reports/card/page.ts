import type {Assets} from '../assets.js';
import type {DataCardFacts} from '../card-facts.js';
import type {ChartRenderer} from '../charts.js';
import {htmlPage} from '../document.js';
import {cardDoubts} from '../doubts/card.js';
import {section} from '../elements.js';
import {html} from '../html.js';
import {openPage} from '../page.js';
import {readPalettes} from '../palette.js';
import {credit} from '../sections/credit.js';
import {cardDoubtsSection} from './doubts.js';
import {cardFooter} from './footer.js';
import {cardHeader} from './header.js';
import {imageSection} from './images.js';
import {intakeSection} from './intake.js';
import {labelSection} from './labels.js';
import {peopleSection} from './people.js';
import {splitSection} from './split.js';

const CONTENTS = [
  ['intake', 'What came in?'],
  ['labels', 'What do the labels say?'],
  ['who', 'Who is in it?'],
  ['images', 'What do the images look like?'],
  ['split', 'How was it divided?'],
  ['doubts', 'What to doubt?'],
  ['credit', 'Whose data are these?'],
] as const;

/** One self-contained HTML page about a data set. The same facts and assets give the same text. */
export function renderDataCard(facts: DataCardFacts, assets: Assets, draw: ChartRenderer): string {
  const doubts = cardDoubts(facts);
  const page = openPage(facts, draw, readPalettes(assets.style));
  const {origin, credit: source} = facts.data;
  const answer =
    origin === 'synthetic'
      ? 'Nobody’s: the images were drawn by the pipeline and show no person.'
      : 'Of the NIH Clinical Center, free to use by everyone who says so and cites the paper.';
  const whose = section({
    number: 7,
    id: 'credit',
    question: 'Whose data are these?',
    answer: source === null && origin !== 'synthetic' ? 'The data set names no source to credit.' : answer,
    body: credit(facts.data),
  });
  const sections = html`${intakeSection(page, 1)}${labelSection(page, 2)}${peopleSection(page, 3)}${imageSection(page, 4)}${splitSection(page, 5)}${cardDoubtsSection(facts, doubts, 6)}${whose}`;
  return htmlPage({
    title: facts.title,
    kind: 'data card',
    contents: CONTENTS,
    header: cardHeader(facts, doubts),
    sections,
    footer: cardFooter(facts),
    charts: page.placed(),
    assets,
  }).text;
}
