import {formatCount} from '../../pipeline/model/words.js';
import type {DataCardFacts, ListFacts} from '../card-facts.js';
import {headRow, over, table} from '../elements.js';
import {type Html, type HtmlValue, html} from '../html.js';
import {capitalized} from '../numbers.js';
import type {Page} from '../page.js';

/** What was left out or looked odd, with the list that names every case and the first of them. */
export function leftOutTable(page: Page<DataCardFacts>): Html {
  const {intake} = page.facts;
  const dropped = intake.dropped.map(
    ({reason, images}) =>
      html`<tr><th scope="row">${capitalized(reason)}</th><td class="right">${formatCount(images)}</td><td></td><td></td></tr>
`,
  );
  return table({
    id: 'left-out',
    number: page.nextTable(),
    caption:
      'What was left out or looked odd, with the list that names every case. The lists lie in the folders of the data set and of the decoded images.',
    shape: 'lists',
    head: headRow('What', over('Number'), 'List', 'The first in it'),
    body: html`${lists(page.facts).map(row)}${dropped}`,
  });
}

/** A kind of case; `list` is null where it could not be looked for. */
type Kind = Readonly<{what: string; fate: string; list: ListFacts | null}>;

function lists({intake, images, data}: DataCardFacts): readonly Kind[] {
  const atHand = (list: ListFacts): ListFacts | null => (data.atHand > 0 ? list : null);
  const quarantine = images && {
    file: 'quarantine.csv',
    count: images.quarantined,
    examples: images.examples.map(({image, reason}) => `${image} ${reason}`),
  };
  return [
    {
      what: 'Rows without an image',
      fate: data.atHand > 0 ? 'left out' : 'described by their metadata only',
      list: intake.missing,
    },
    {what: 'Images without a row', fate: 'left out', list: atHand(intake.extra)},
    {what: 'Files that are no image', fate: 'set aside when decoded', list: atHand(intake.unreadable)},
    {what: 'Files that were refused', fate: 'left out', list: atHand(intake.refused)},
    {what: 'Groups of equal files', fate: 'kept and audited', list: atHand(intake.duplicates)},
    {what: 'Images that could not be decoded', fate: 'set aside', list: quarantine},
  ];
}

function row({what, fate, list}: Kind): Html {
  if (list === null)
    return html`<tr><th scope="row">${what}</th><td class="absent" colspan="3">not looked for: this needs images</td></tr>
`;
  const {count, file, examples} = list;
  const first = examples.map(
    (example, index): HtmlValue =>
      html`${index === 0 ? null : html`<br>`}<span class="digest">${example}</span>`,
  );
  const name = html`${what}${count === 0 ? null : html` <span class="unit">(${fate})</span>`}`;
  return html`<tr><th scope="row">${name}</th><td class="right">${formatCount(count)}</td><td>${count === 0 ? null : html`<code class="keep">${file}</code>`}</td><td>${first}</td></tr>
`;
}
