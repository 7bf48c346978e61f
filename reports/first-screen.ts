import type {Doubt} from './doubts/doubt.js';
import {glyph} from './elements.js';
import {type Html, type HtmlValue, html} from './html.js';

/** The gravest doubts beside the verdict: who stops here has met the limits together with the claim. */
export function doubtBox(doubts: readonly Doubt[]): Html {
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
export function conditionList(rows: readonly (readonly [name: string, text: string])[]): Html {
  return html`<dl class="conditions">${rows.map(([name, text]) => html`<div><dt>${name}</dt><dd>${text}</dd></div>`)}</dl>`;
}
