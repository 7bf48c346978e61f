import {countOf, formatCount, formatDuration, formatRate} from '../pipeline/model/words.js';
import {auditCheck, auditTally} from './audit.js';
import type {Doubt} from './doubts/doubt.js';
import type {ReportFacts} from './facts.js';
import {keptEpoch} from './figures/training.js';
import {conditionList, doubtBox, keyFigure} from './first-screen.js';
import {type Html, html} from './html.js';
import {dateTime, interval, metric, percentLevel, shortDigest} from './numbers.js';
import {foldName, scoredFold} from './scored.js';
import {verdict} from './verdict.js';

/** The first screen: claim and doubts side by side, the key figures, and the conditions that every number has. */
export function header(facts: ReportFacts, doubts: readonly Doubt[]): Html {
  const {run, title, evaluation} = facts;
  const {finding, limit} = verdict(facts);
  return html`<header class="top">
<p class="kind">Run report · ${run.pipeline}</p>
<h1>${title}</h1>
<p class="identity">Run ${run.name} · DenseNet-121, ${evaluation.findings.length} findings · started ${dateTime(run.startedAt)} · configuration <span class="digest">${shortDigest(facts.config.digest)}</span></p>
<div class="verdict">
<div><p class="lead">Verdict</p><p class="say">${finding}</p><p class="say">${limit}</p></div>
${doubtBox(doubts)}
</div>
${keyFigures(facts)}
${conditions(facts)}
<div class="paths">
<p><b>30 seconds.</b> The verdict and the doubts above.</p>
<p><b>5 minutes.</b> Every section opens with its answer in one sentence; then <a href="#results">the classes</a> and <a href="#doubts">the doubts</a>.</p>
<p><b>1 hour.</b> Every table, then <a href="#reproduce">run it again</a>.</p>
</div>
</header>
`;
}

function keyFigures(facts: ReportFacts): Html {
  const {evaluation, split, training} = facts;
  const fold = scoredFold(evaluation);
  const {auroc, average_precision, classes, prevalence} = fold.averages;
  const patients = auditCheck(split, 'patient-overlap');
  const seconds = training.epochs.reduce((sum, epoch) => sum + epoch.seconds, 0);
  const unscored = fold.undefined.length;
  return html`<dl class="keys">
${keyFigure('Macro AUROC', auroc.macro.defined ? metric(auroc.macro.value) : 'undefined', [interval(auroc.macro), `mean of ${classes} of ${fold.classes.length} findings`])}
${keyFigure('Macro average precision', average_precision.macro.defined ? metric(average_precision.macro.value) : 'undefined', [interval(average_precision.macro), prevalence === null ? null : `prevalence ${metric(prevalence)}`])}
${keyFigure('Findings that could be scored', `${classes} of ${fold.classes.length}`, [unscored === 0 ? 'every one has positives' : countOf(unscored, 'is undefined', 'are undefined'), `in the ${foldName(fold.fold)} fold`])}
${keyFigure('Patients shared between folds', patients === null ? 'not checked' : formatCount(patients.count), [`of ${countOf(facts.data.patients, 'patient')}`, auditTally(split)])}
${keyFigure('Time to train', formatDuration(seconds), [countOf(training.epochs.length, 'epoch'), `${formatRate(keptEpoch(training.epochs).images_per_second, 'images')}, ${countOf(training.device.ranks, 'rank')}`])}
</dl>`;
}

function conditions({split, data, evaluation}: ReportFacts): Html {
  const fold = scoredFold(evaluation);
  const {level, resamples} = evaluation.method;
  return conditionList([
    ['Split', split.description],
    ['Labels', data.labels.state],
    [
      `${foldName(fold.fold).replace(/^./, (c) => c.toUpperCase())} fold`,
      `${countOf(fold.images, 'image')}, ${countOf(fold.patients, 'patient')}`,
    ],
    ['Prediction', 'one view per image'],
    ['Intervals', `${percentLevel(level)}, ${countOf(resamples, 'patient resample')}`],
  ]);
}
