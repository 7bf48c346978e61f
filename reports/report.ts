import type {Assets} from './assets.js';
import type {ChartRenderer} from './charts.js';
import {htmlPage} from './document.js';
import {findDoubts} from './doubts/find.js';
import type {ReportFacts} from './facts.js';
import {footer} from './footer.js';
import {header} from './header.js';
import {html} from './html.js';
import {openPage} from './page.js';
import {readPalettes} from './palette.js';
import {dataSection} from './sections/data.js';
import {doubtsSection} from './sections/doubts.js';
import {reproduceSection} from './sections/reproduce.js';
import {resultsSection} from './sections/results.js';
import {trainingSection} from './sections/training.js';
import {wordsSection} from './sections/words.js';

const CONTENTS = [
  ['data', 'Which data?'],
  ['training', 'How was it trained?'],
  ['results', 'How good is it?'],
  ['doubts', 'What to doubt?'],
  ['reproduce', 'How to reproduce it?'],
  ['words', 'What do the words mean?'],
] as const;

/** One self-contained HTML page. The same facts and assets give the same text. */
export function renderReport(facts: ReportFacts, assets: Assets, draw: ChartRenderer): string {
  const doubts = findDoubts(facts);
  const page = openPage(facts, draw, readPalettes(assets.style));
  const sections = html`${dataSection(page, 1)}${trainingSection(page, 2)}${resultsSection(page, 3)}${doubtsSection(facts, doubts, 4)}${reproduceSection(page, 5)}${wordsSection(facts, 6)}`;
  return htmlPage({
    title: `${facts.title}: run ${facts.run.name}`,
    kind: 'report',
    contents: CONTENTS,
    header: header(facts, doubts),
    sections,
    footer: footer(facts),
    charts: page.placed(),
    assets,
  }).text;
}
