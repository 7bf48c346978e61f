import {countOf, formatCount} from '../../pipeline/model/words.js';
import {factList, glyph, section} from '../elements.js';
import type {ReportFacts} from '../facts.js';
import {type Html, type HtmlValue, html} from '../html.js';
import {spelled} from '../numbers.js';
import type {Page} from '../page.js';
import {foldName, scoredFold} from '../scored.js';
import {peopleTable, splitTable} from './split-tables.js';

/** Which data: provenance, what happened to every image, the folds, who is in them, and the leakage audit. */
export function dataSection(page: Page, number: number): Html {
  const {facts} = page;
  const {data} = facts;
  const source =
    data.origin === 'synthetic'
      ? 'Synthetic radiographs in the shape of ChestX-ray14, drawn by the pipeline'
      : 'ChestX-ray14 of the NIH Clinical Center, read from a local folder';
  const reference =
    data.origin === 'synthetic'
      ? `${facts.evaluation.findings.length} labels, known because the findings were drawn`
      : `${facts.evaluation.findings.length} labels read from radiology reports by text mining; no image was re-read for them`;
  return section({
    number,
    id: 'data',
    question: 'Which data?',
    answer: answer(facts),
    body: html`${factList([
      ['Source', source],
      ['Label state', `${data.labels.state}: ${data.labels.because}`],
      ['Reference standard', reference],
      ['Split', facts.split.description],
      ...data.remarks.map(({name, text}) => [name, text] as const),
    ])}
<h3>From the source to the scored fold</h3>
${flow(page)}
<h3>What each fold holds</h3>
${splitTable(page)}
${peopleTable(page)}
<h3>Leakage audit</h3>
${audit(facts)}`,
  });
}

function answer({data, images, split}: ReportFacts): string {
  const what =
    data.origin === 'synthetic'
      ? countOf(data.images, 'synthetic image')
      : data.whole !== null && data.images < data.whole
        ? `${formatCount(data.images)} of the ${formatCount(data.whole)} images of ChestX-ray14`
        : `All ${formatCount(data.images)} images of ChestX-ray14`;
  const read =
    images.quarantined === 0
      ? 'all of them readable'
      : `of which ${spelled(images.quarantined)} could not be read and ${images.quarantined === 1 ? 'was' : 'were'} set aside`;
  const shared = split.audit.find((check) => check.check.startsWith('Patients'));
  const apart =
    shared === undefined
      ? ''
      : shared.count === 0
        ? '; no patient is in two folds'
        : `; ${countOf(shared.count, 'patient is', 'patients are')} in more than one fold`;
  return `${what}${data.origin === 'synthetic' ? ' of' : ', from'} ${countOf(data.patients, 'patient')}, ${read}${apart}.`;
}

function flow(page: Page): Html {
  const {data, images, split, evaluation, training} = page.facts;
  const fold = scoredFold(evaluation);
  const missing =
    data.whole === null || data.whole === data.images
      ? 'no image of the list is missing'
      : `${formatCount(data.whole - data.images)} images of the data set are not part of this run`;
  const quarantine =
    images.quarantined === 0
      ? '0 images quarantined'
      : `${countOf(images.quarantined, 'image')} quarantined: ${images.examples[0]?.reason ?? 'unreadable'}, listed in quarantine.csv`;
  return html`<figure>
<ol class="flow">
<li><div class="box"><b>Listed in the source</b>${countOf(data.images, 'image')} · ${countOf(data.patients, 'patient')}</div><div class="beside">${missing}</div></li>
<li><div class="box"><b>Decoded, checked and resized</b>${countOf(images.count, 'image')} · ${images.size} × ${images.size} pixels</div><div class="beside">${quarantine}</div></li>
<li><ul class="folds">${split.folds.map((one) => html`<li class="box${one.fold === fold.fold ? ' scored' : null}"><b>${foldTitle(one.fold)}</b>${countOf(one.images, 'image')} · ${countOf(one.patients, 'patient')}<br>${foldUse(one.fold, {epochs: training.epochs.length, scored: fold.images, isScored: one.fold === fold.fold})}</li>`)}</ul></li>
</ol>
<figcaption><b>${page.nextFigure()}.</b> Images and patients at each step. ${split.notInAFold === 0 ? 'Every image is in a fold.' : `${countOf(split.notInAFold, 'image is', 'images are')} in no fold.`} Nothing leaves the flow without a row in a file.</figcaption>
</figure>
`;
}

function foldTitle(fold: 'train' | 'val' | 'test'): string {
  return foldName(fold).replace(/^./, (letter) => letter.toUpperCase());
}

function foldUse(
  fold: 'train' | 'val' | 'test',
  of: {epochs: number; scored: number; isScored: boolean},
): string {
  if (of.isScored) return `scored once: ${countOf(of.scored, 'row')}, 0 missing, 0 twice`;
  if (fold === 'train') return `fits the weights, ${countOf(of.epochs, 'epoch')}`;
  return fold === 'val' ? 'chooses the epoch' : 'not scored';
}

function audit({split}: ReportFacts): HtmlValue {
  if (split.audit.length === 0) return html`<p>No check was made.</p>`;
  return html`<ul class="audit">${split.audit.map(
    (check) =>
      html`<li>${glyph(check.passed ? 'pass' : 'fail', check.passed ? 'passed' : 'failed')}<span><b>${check.check}: ${formatCount(check.count)}.</b> ${check.detail}</span></li>`,
  )}</ul>
`;
}
