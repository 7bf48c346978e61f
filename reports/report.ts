import {createHash} from 'node:crypto';
import type {Assets} from './assets.js';
import type {ChartRenderer} from './charts.js';
import {findDoubts} from './doubts/find.js';
import {GLYPHS} from './elements.js';
import type {ReportFacts} from './facts.js';
import {footer} from './footer.js';
import {header} from './header.js';
import {type Html, html, jsonText, trusted} from './html.js';
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
  const body = html`<a class="skip" href="#main">Skip to the report</a>
${GLYPHS}
<div class="page">
${header(facts, doubts)}
<nav aria-labelledby="contents"><h2 id="contents">Questions</h2><ol>${CONTENTS.map(([id, title], index) => html`<li><a href="#${id}"><span>${index + 1}</span>${title}</a></li>`)}</ol></nav>
<main id="main" tabindex="-1">
${dataSection(page, 1)}${trainingSection(page, 2)}${resultsSection(page, 3)}${doubtsSection(facts, doubts, 4)}${reproduceSection(page, 5)}${wordsSection(facts, 6)}
</main>
${footer(facts)}
</div>
`;
  const charts = Object.fromEntries(
    page.placed().map(({id, width, height, config}) => [id, {width, height, config}]),
  );
  return documentOf({title: `${facts.title}: run ${facts.run.name}`, body, charts, assets}).text;
}

function documentOf(of: {title: string; body: Html; charts: unknown; assets: Assets}): Html {
  const {style, script} = of.assets;
  const policy = `default-src 'none'; style-src ${hashOf(style)}; script-src ${hashOf(script)}; img-src data:; base-uri 'none'; form-action 'none'`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${trusted(policy)}">
<meta name="referrer" content="no-referrer">
<title>${of.title}</title>
<style>${trusted(style)}</style>
</head>
<body>
${of.body}<script type="application/json" id="charts">${jsonText(of.charts)}</script>
<script>${trusted(script)}</script>
</body>
</html>
`;
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text, 'utf8').digest('base64')}'`;
}
