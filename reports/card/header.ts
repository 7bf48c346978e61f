import {FINDINGS} from '../../pipeline/model/findings.js';
import {countOf, formatBytes, formatCount} from '../../pipeline/model/words.js';
import {auditCheck, auditTally} from '../audit.js';
import type {DataCardFacts} from '../card-facts.js';
import type {Doubt} from '../doubts/doubt.js';
import {conditionList, doubtBox, keyFigure} from '../first-screen.js';
import {type Html, html} from '../html.js';
import {fixed, inProse, percent, shortDigest} from '../numbers.js';
import {cardVerdict} from './verdict.js';

/** The first screen: what is there and what to doubt side by side, the key figures, and what holds for all of them. */
export function cardHeader(facts: DataCardFacts, doubts: readonly Doubt[]): Html {
  const {finding, limit} = cardVerdict(facts);
  const dataset = facts.artifacts.find(({type}) => type === 'dataset');
  return html`<header class="top">
<p class="kind">Data card</p>
<h1>${facts.title}</h1>
<p class="identity">${facts.data.origin === 'synthetic' ? 'Drawn by the pipeline' : 'ChestX-ray14 of the NIH Clinical Center'} · ${FINDINGS.length} findings${dataset === undefined ? null : html` · data set <span class="digest">${shortDigest(dataset.output)}</span>`}</p>
<div class="verdict">
<div><p class="lead">Verdict</p><p class="say">${finding}</p><p class="say">${limit}</p></div>
${doubtBox(doubts)}
</div>
${keyFigures(facts)}
${conditions(facts)}
<div class="paths">
<p><b>30 seconds.</b> The verdict and the doubts above.</p>
<p><b>5 minutes.</b> Every section opens with its answer in one sentence; then <a href="#images">the images</a> and <a href="#doubts">the doubts</a>.</p>
<p><b>1 hour.</b> Every table, then the lists that they name.</p>
</div>
</header>
`;
}

function keyFigures({data, content, split}: DataCardFacts): Html {
  const ranked = FINDINGS.map((finding, index) => ({finding, ...content.findings[index]!})).sort(
    (a, b) => a.images - b.images,
  );
  const rarest = ranked[0]!;
  const none = ranked.filter(({images}) => images === 0).length;
  const {median, most, top} = content.perPatient;
  const shared = split === null ? null : auditCheck(split, 'patient-overlap');
  return html`<dl class="keys">
${keyFigure('Images at hand', formatCount(data.atHand), [`of ${formatCount(data.whole ?? data.images)}`, data.atHand === data.images ? null : `${countOf(data.images, 'row')} of metadata`])}
${keyFigure('Patients', formatCount(data.patients), most === 1 ? ['one image each'] : [`median ${fixed(median, Number.isInteger(median) ? 0 : 1)}, at most ${countOf(most, 'image')}`, `1% have ${percent(top.share)}% of the images`])}
${keyFigure('Images without a finding', `${percent(data.images === 0 ? 0 : content.noFinding.images / data.images)}%`, [countOf(content.noFinding.images, 'image'), `${formatCount(content.several)} have several`])}
${keyFigure('Rarest finding', formatCount(rarest.images), none > 0 ? [`${countOf(none, 'finding has', 'findings have')} no image`] : [`${rarest.images === 1 ? 'image' : 'images'} with ${inProse(rarest.finding)}`, `of ${countOf(rarest.patients, 'patient')}`])}
${keyFigure('Patients shared between folds', shared === null ? 'not divided' : formatCount(shared.count), split === null ? ['no folds were given'] : [`of ${countOf(data.patients, 'patient')}`, auditTally(split)])}
</dl>`;
}

function conditions({data, intake, split, content, images}: DataCardFacts): Html {
  return conditionList([
    ['Labels', data.labels.state],
    ['Files', data.atHand === 0 ? 'none at hand' : formatBytes(intake.files.bytes)],
    [
      'Decoded',
      images === null ? 'not yet' : `${formatCount(images.count)} at ${images.size} × ${images.size}`,
    ],
    [
      'Boxes',
      content.boxes.boxes === 0
        ? 'none'
        : `${formatCount(content.boxes.boxes)} in ${countOf(content.boxes.images, 'image')}`,
    ],
    ['Split', split?.description ?? 'none'],
  ]);
}
