import type {Doubt, Severity} from '../doubts/doubt.js';
import {glyph, section} from '../elements.js';
import type {ReportFacts} from '../facts.js';
import {type Html, html} from '../html.js';
import {capitalized, spelled} from '../numbers.js';

/** What to doubt: every limit that was found, with its evidence, and what was checked and found clean. */
export function doubtsSection(facts: ReportFacts, doubts: readonly Doubt[], number: number): Html {
  return section({
    number,
    id: 'doubts',
    question: 'What to doubt?',
    answer: answer(doubts),
    body: html`${doubtList(doubts)}
<p class="note">Checked and found clean: ${clean(facts)}. ${SEVERITIES}</p>`,
  });
}

/** Each limit with what follows from it and its evidence. */
export function doubtList(doubts: readonly Doubt[]): Html {
  return html`<ol class="doubts">${doubts.map(
    (
      doubt,
    ) => html`<li><p class="severity ${doubt.severity}">${glyph(doubt.severity)}${doubt.severity}</p><p><b>${doubt.claim}</b> ${doubt.consequence}</p><p class="evidence">${doubt.evidence}</p></li>
`,
  )}</ol>`;
}

/** What the words of a doubt list promise. */
export const SEVERITIES = html`Severity: <b>serious</b> may change the conclusion, <b>moderate</b> may change a digit that is printed, <b>minor</b> is on record.`;

function answer(doubts: readonly Doubt[]): string {
  const grave = (severity: Severity): number => doubts.filter((doubt) => doubt.severity === severity).length;
  const count = `${capitalized(spelled(doubts.length))} ${doubts.length === 1 ? 'limit was' : 'limits were'} found by rule in the run’s own records`;
  if (grave('serious') === 0) return `${count}; none of them is known to change the conclusion.`;
  return `${count}; ${spelled(grave('serious'))} of them could change the conclusion.`;
}

function clean({split, images, stages, training}: ReportFacts): string {
  const checks = [
    ...split.audit
      .filter((check) => check.status === 'passed')
      .map((check) => check.title.replace(/^./, (letter) => letter.toLowerCase())),
    ...(images.quarantined === 0 ? ['unreadable images'] : []),
    'lost or doubled predictions',
    'scores that are no numbers',
    ...(stages.every((stage) => (stage.artifact?.tainted.length ?? 0) === 0)
      ? ['inputs changed during the run']
      : []),
    ...(training.resumedFromSteps.length === 0 ? ['interruptions of the training'] : []),
  ];
  return checks.join(', ');
}
