import {auditFinding, STATUS_WORDS} from '../audit.js';
import type {AuditStatus, SplitFacts} from '../data-facts.js';
import {type GlyphName, glyph} from '../elements.js';
import {type HtmlValue, html} from '../html.js';
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
  return html`<ul class="audit">${audit.map((check) => {
    const {status, detail, examples, count} = check;
    const named =
      examples.length === 0 || status === 'not-checked'
        ? null
        : html` <span class="unit">${count > examples.length ? 'For example' : 'Namely'} ${examples.join(', ')}.</span>`;
    return html`<li>${glyph(GLYPH_OF[status])}<span><b>${auditFinding(check)}.</b> ${status === 'not-checked' ? null : `${capitalized(STATUS_WORDS[status])}. `}${capitalized(detail)}.${named}</span></li>
`;
  })}</ul>
`;
}
