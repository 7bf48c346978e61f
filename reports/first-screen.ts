import type {Doubt} from './doubts/doubt.js';
import {glyph} from './elements.js';
import {type Html, type HtmlValue, html} from './html.js';

export type FirstScreen = Readonly<{
  kind: HtmlValue;
  title: string;
  identity: HtmlValue;
  verdict: Readonly<{finding: string; limit: string}>;
  doubts: readonly Doubt[];
  keys: readonly Html[];
  conditions: readonly (readonly [name: string, text: string])[];
  /** What to read within five minutes, after the answers of the sections, and within an hour, after the tables. */
  paths: Readonly<{fiveMinutes: HtmlValue; hour: HtmlValue}>;
}>;

/** Claim and doubts side by side, the key figures, the conditions that every number has, and where to read on. */
export function firstScreen(of: FirstScreen): Html {
  const {kind, title, identity, verdict, doubts, keys, conditions, paths} = of;
  return html`<header class="top">
<p class="kind">${kind}</p>
<h1>${title}</h1>
<p class="identity">${identity}</p>
<div class="verdict">
<div><p class="lead">Verdict</p><p class="say">${verdict.finding}</p><p class="say">${verdict.limit}</p></div>
${doubtBox(doubts)}
</div>
<dl class="keys">
${keys.map((key) => html`${key}\n`)}</dl>
${conditionList(conditions)}
<div class="paths">
<p><b>30 seconds.</b> The verdict and the doubts above.</p>
<p><b>5 minutes.</b> Every section opens with its answer in one sentence; then ${paths.fiveMinutes}.</p>
<p><b>1 hour.</b> Every table, then ${paths.hour}.</p>
</div>
</header>
`;
}

/** The gravest doubts beside the verdict: who stops here has met the limits together with the claim. */
function doubtBox(doubts: readonly Doubt[]): Html {
  const count = (severity: Doubt['severity']): number =>
    doubts.filter((doubt) => doubt.severity === severity).length;
  const counted = (['serious', 'moderate', 'minor'] as const)
    .filter((severity) => count(severity) > 0)
    .map((severity) => `${count(severity)} ${severity}`);
  const shown = doubts.slice(0, 4);
  return html`<aside class="doubt-box" aria-labelledby="doubt-box-title">
<h2 class="lead" id="doubt-box-title">Doubt first: ${counted.length === 0 ? 'nothing found by rule' : counted.join(', ')}</h2>
<ul>${shown.map((doubt) => html`<li>${glyph(doubt.severity, doubt.severity)}<span>${doubt.short}</span></li>`)}</ul>
<p><a href="#doubts">${doubts.length > shown.length ? `All ${doubts.length}, with evidence` : 'With evidence'}</a></p>
</aside>`;
}

/** A number large enough to be met first, with what it is of. */
export function keyFigure(name: string, value: string, below: readonly (string | null)[]): Html {
  const lines = below.filter((line) => line !== null);
  return html`<div><dt>${name}</dt><dd><b>${value}</b>${lines.map((line, index): HtmlValue => (index === 0 ? line : html`<br>${line}`))}</dd></div>`;
}

/** What holds for every number of the page. */
function conditionList(rows: readonly (readonly [name: string, text: string])[]): Html {
  return html`<dl class="conditions">${rows.map(([name, text]) => html`<div><dt>${name}</dt><dd>${text}</dd></div>`)}</dl>`;
}
