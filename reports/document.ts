import {createHash} from 'node:crypto';
import type {Assets} from './assets.js';
import type {Chart} from './charts.js';
import {GLYPHS} from './elements.js';
import {type Html, type HtmlValue, html, jsonText, trusted} from './html.js';

/** The parts of a page: what is on its first screen, its sections with their questions, and what stands below. */
export type PageParts = Readonly<{
  /** Of the window. */
  title: string;
  /** `report`, as in "Skip to the report". */
  kind: string;
  contents: readonly (readonly [id: string, question: string])[];
  header: HtmlValue;
  sections: HtmlValue;
  footer: HtmlValue;
  /** What the script can make interactive. */
  charts: readonly Chart[];
  assets: Assets;
}>;

/** One self-contained HTML page that loads nothing and lets nothing in but its own style and script. */
export function htmlPage(parts: PageParts): Html {
  const {style, script} = parts.assets;
  const policy = `default-src 'none'; style-src ${hashOf(style)}; script-src ${hashOf(script)}; img-src data:; base-uri 'none'; form-action 'none'`;
  const charts = Object.fromEntries(
    parts.charts.map(({id, width, height, config}) => [id, {width, height, config}]),
  );
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${trusted(policy)}">
<meta name="referrer" content="no-referrer">
<title>${parts.title}</title>
<style>${trusted(style)}</style>
</head>
<body>
${body(parts)}<script type="application/json" id="charts">${jsonText(charts)}</script>
<script>${trusted(script)}</script>
</body>
</html>
`;
}

function body({kind, contents, header, sections, footer}: PageParts): Html {
  return html`<a class="skip" href="#main">Skip to the ${kind}</a>
${GLYPHS}
<div class="page">
${header}
<nav aria-labelledby="contents"><h2 id="contents">Questions</h2><ol>${contents.map(([id, question], index) => html`<li><a href="#${id}"><span>${index + 1}</span>${question}</a></li>`)}</ol></nav>
<main id="main" tabindex="-1">
${sections}
</main>
${footer}
</div>
`;
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text, 'utf8').digest('base64')}'`;
}
