import {countOf, formatCount} from '../../pipeline/model/words.js';
import {auditTally} from '../audit.js';
import type {DataCardFacts} from '../card-facts.js';
import type {FoldFacts, SplitFacts} from '../data-facts.js';
import {factList, section} from '../elements.js';
import {type Html, html} from '../html.js';
import {capitalized, percent} from '../numbers.js';
import type {Page} from '../page.js';
import {foldName} from '../scored.js';
import {auditList} from '../sections/audit.js';
import {partOfFolds} from '../sections/flow.js';
import {peopleTable, type SplitView, splitTable} from '../sections/split-tables.js';

/** How the data were divided: the split card, who is in each fold, Table 1, and the leakage audit. */
export function splitSection(page: Page<DataCardFacts>, number: number): Html {
  const {split} = page.facts;
  const question = 'How was it divided?';
  if (split === null)
    return section({
      number,
      id: 'split',
      question,
      answer: 'It was not: the data card was made without folds.',
      body: html`<p class="needs">This part needs the stage split. It then shows what each fold holds, and whether anything leaks from one into another.</p>
`,
    });
  const divided = {...page, facts: {...page.facts, split}};
  return section({
    number,
    id: 'split',
    question,
    answer: answer(page.facts, split),
    body: html`${factList([
      ['Split', split.description],
      ['In no fold', countOf(split.rowsInNoFold, 'image')],
      ...(split.table1 === null ? [] : [['Published Table 1', split.table1.note] as const]),
    ])}
<h3>What each fold holds</h3>
${tables(divided)}
<h3>Leakage audit</h3>
${auditList(split)}`,
  });
}

function tables(page: Page<SplitView>): Html {
  return html`${splitTable(page)}${peopleTable(page)}`;
}

function answer(facts: DataCardFacts, split: SplitFacts): string {
  const images = split.folds.reduce((sum, fold) => sum + fold.images, 0);
  const share = (fold: FoldFacts): string =>
    `${foldName(fold.fold)} ${formatCount(fold.images)} (${percent(images === 0 ? 0 : fold.images / images)}%)`;
  const {table1} = split;
  const part = partOfFolds(facts);
  const equal =
    table1 === null || table1.equal === null
      ? ''
      : `; ${table1.equal} of ${table1.of} cells equal the published Table 1`;
  return `${capitalized(split.folds.map(share).join(', '))}: ${split.description}${equal}; ${auditTally(split)}.${part === '' ? '' : ` ${part}`}`;
}
