import {auditFinding, STATUS_WORDS} from '../audit.js';
import type {AuditFact, AuditStatus, SplitFacts} from '../data-facts.js';
import {type GlyphName, glyph} from '../elements.js';
import {type Html, type HtmlValue, html} from '../html.js';
import {capitalized} from '../numbers.js';

const GLYPH_OF: Readonly<Record<AuditStatus, GlyphName>> = {
  passed: 'pass',
  failed: 'fail',
  accepted: 'accepted',
  noted: 'noted',
  'not-checked': 'unchecked',
};

/** Every check against leakage, with its outcome in a word, what was found and where. */
export function auditList({audit}: SplitFacts): HtmlValue {
  if (audit.length === 0)
    return html`<p>No check was made.</p>
`;
  return html`<ul class="audit">${audit.map(
    (check) => html`<li>${glyph(GLYPH_OF[check.status])}<span>${words(check)}</span></li>
`,
  )}</ul>
`;
}

function words(check: AuditFact): Html {
  const {status, detail, examples, count} = check;
  if (status === 'not-checked') return html`<b>${auditFinding(check)}</b>: ${detail}.`;
  const named = count > examples.length ? 'For example' : 'Namely';
  const shown =
    examples.length === 0 ? null : html` <span class="unit">${named} ${examples.join(', ')}.</span>`;
  return html`<b>${auditFinding(check)}.</b> ${capitalized(STATUS_WORDS[status])}. ${capitalized(detail)}.${shown}`;
}
