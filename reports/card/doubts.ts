import type {DataCardFacts} from '../card-facts.js';
import type {Doubt} from '../doubts/doubt.js';
import {section} from '../elements.js';
import {type Html, type HtmlValue, html} from '../html.js';
import {capitalized, spelled} from '../numbers.js';
import {doubtList, SEVERITIES} from '../sections/doubts.js';
import {CAVEATS} from './caveats.js';

/** What to doubt: what was found by rule in these data, and what is known of the data set from elsewhere. */
export function cardDoubtsSection(facts: DataCardFacts, doubts: readonly Doubt[], number: number): Html {
  const real = facts.data.origin === 'chestxray14';
  return section({
    number,
    id: 'doubts',
    question: 'What to doubt?',
    answer: answer(doubts, real),
    body: html`${doubts.length === 0 ? null : doubtList(doubts)}
<p class="note">${SEVERITIES}</p>
${real ? known() : null}`,
  });
}

function answer(doubts: readonly Doubt[], real: boolean): string {
  const serious = doubts.filter(({severity}) => severity === 'serious').length;
  const count = `${capitalized(spelled(doubts.length))} ${doubts.length === 1 ? 'limit was' : 'limits were'} found by rule in these data, ${spelled(serious)} of them serious`;
  return real ? `${count}; ${spelled(CAVEATS.length)} more are known from the literature.` : `${count}.`;
}

function known(): HtmlValue {
  return html`<h3 id="known">Known of this data set</h3>
<ol class="doubts known">${CAVEATS.map(
    ({claim, consequence, source}) =>
      html`<li><p><b>${claim}</b> ${consequence}</p><p class="evidence">${source}</p></li>
`,
  )}</ol>`;
}
