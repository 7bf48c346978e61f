import {type Html, type HtmlValue, html} from './html.js';

/** A section: its number, the reader's question as title, and the one sentence that answers it. */
export function section(of: {
  number: number;
  id: string;
  question: string;
  answer: HtmlValue;
  body: HtmlValue;
}): Html {
  const {number, id, question, answer, body} = of;
  return html`<section id="${id}" aria-labelledby="${id}-title">
<div class="question"><p class="number" aria-hidden="true">${number}</p><h2 id="${id}-title">${question}</h2><p class="answer">${answer}</p></div>
${body}
</section>
`;
}

export function figure(of: {number: string; chart: HtmlValue; caption: HtmlValue; id?: string}): Html {
  return html`<figure${idOf(of.id)}>${of.chart}<figcaption><b>${of.number}.</b> ${of.caption}</figcaption></figure>
`;
}

/**
 * A table in its own scroll box, so that a phone scrolls it and not the page.
 * `shape`: `fit` keeps few columns close together; `wide` shrinks on paper; `forest` holds strips; `heat` is a square of shaded
 * cells under turned headings; `lists` has file names that stay whole.
 */
export function table(of: {
  id: string;
  number: string;
  caption: HtmlValue;
  shape?: 'fit' | 'wide' | 'forest' | 'heat' | 'lists' | 'stages';
  head: HtmlValue;
  body: HtmlValue;
  foot?: HtmlValue;
}): Html {
  const {id, number, caption, shape, head, body, foot} = of;
  return html`<div class="scroll${shape === undefined ? null : ` ${shape}`}" tabindex="0" role="region" aria-labelledby="${id}-caption">
<table id="${id}"><caption id="${id}-caption"><span><b>${number}.</b> ${caption}</span></caption>
<thead>${head}</thead>
<tbody>
${body}</tbody>
${foot === undefined ? null : html`<tfoot>${foot}</tfoot>`}</table></div>
`;
}

/** A heading of a column; `over` numbers it stands at the right. */
export type Heading =
  | HtmlValue
  | Readonly<{over: HtmlValue /** Holds the axis of a column of strips. */; strip?: true}>;

export function headRow(...headings: readonly Heading[]): Html {
  return html`<tr>${headings.map((heading) =>
    typeof heading === 'object' && heading !== null && 'over' in heading
      ? html`<th scope="col" class="${heading.strip ? 'strip' : 'right'}">${heading.over}</th>`
      : html`<th scope="col">${heading}</th>`,
  )}</tr>`;
}

/** A heading over numbers. */
export function over(heading: HtmlValue): Heading {
  return {over: heading};
}

/** Names with what is to be said about them. */
export function factList(rows: readonly (readonly [HtmlValue, HtmlValue])[]): Html {
  return html`<dl class="facts">${rows.map(([name, text]) => html`<dt>${name}</dt><dd>${text}</dd>`)}</dl>
`;
}

export type GlyphName =
  | 'pass'
  | 'fail'
  | 'accepted'
  | 'noted'
  | 'unchecked'
  | 'serious'
  | 'moderate'
  | 'minor';

/** A small sign; the word that it stands for is beside it or is given as `label`. */
export function glyph(name: GlyphName, label?: string): Html {
  const shown = html`<svg class="glyph ${name}" viewBox="0 0 14 14" aria-hidden="true"><use href="#glyph-${name}"/></svg>`;
  return label === undefined ? shown : html`<span role="img" aria-label="${label}">${shown}</span>`;
}

/** Drawn once at the top of the page, used by `glyph`. */
export const GLYPHS = html`<svg class="sprite" aria-hidden="true" focusable="false">
<symbol id="glyph-pass" viewBox="0 0 14 14"><path d="M5.6 11.4 1.6 7.3l1.5-1.5 2.5 2.6L11 2.8l1.5 1.4z"/></symbol>
<symbol id="glyph-fail" viewBox="0 0 14 14"><path d="M6 1.5h2.2L7.8 9H6.4zM6.1 10.4h2v2.1h-2z"/></symbol>
<symbol id="glyph-accepted" viewBox="0 0 14 14"><path d="M7 1 13.6 12.8H.4zm0 2.9L2.8 11.4h8.4z" fill-rule="evenodd"/><path d="M6.3 6.2h1.4v2.6H6.3zm0 3.3h1.4v1.2H6.3z"/></symbol>
<symbol id="glyph-noted" viewBox="0 0 14 14"><path d="M7 1a6 6 0 1 0 0 12A6 6 0 1 0 7 1zm0 1.4a4.6 4.6 0 1 1 0 9.2 4.6 4.6 0 1 1 0-9.2z" fill-rule="evenodd"/><path d="M6.3 6.2h1.4v4H6.3zm0-2.4h1.4v1.4H6.3z"/></symbol>
<symbol id="glyph-unchecked" viewBox="0 0 14 14"><path d="M7 1a6 6 0 1 0 0 12A6 6 0 1 0 7 1zm0 1.4a4.6 4.6 0 1 1 0 9.2 4.6 4.6 0 1 1 0-9.2z" fill-rule="evenodd"/></symbol>
<symbol id="glyph-serious" viewBox="0 0 14 14"><path d="M2 2h10v10H2z"/></symbol>
<symbol id="glyph-moderate" viewBox="0 0 14 14"><path d="M2 2h10v10H2zm1.5 1.5v7z" fill-rule="evenodd"/><path d="M3.5 10.5v-7l7 7z" fill="var(--doubt)"/></symbol>
<symbol id="glyph-minor" viewBox="0 0 14 14"><path d="M2 2h10v10H2zm1.6 1.6v6.8h6.8V3.6z" fill-rule="evenodd"/></symbol>
</svg>`;

/** A number with its noun on one line: `22,433 images`. */
export function keep(text: string): Html {
  return html`<span class="keep">${text}</span>`;
}

function idOf(id: string | undefined): Html | null {
  return id === undefined ? null : html` id="${id}"`;
}
