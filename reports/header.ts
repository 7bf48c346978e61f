import {countOf, formatDuration, formatRate} from '../pipeline/model/words.js';
import {sharedPatients} from './audit.js';
import type {Doubt} from './doubts/doubt.js';
import type {ReportFacts} from './facts.js';
import {keptEpoch} from './figures/training.js';
import {type FirstScreen, firstScreen, keyFigure} from './first-screen.js';
import {type Html, html} from './html.js';
import {dateTime, interval, metric, percentLevel, shortDigest} from './numbers.js';
import {foldName, scoredFold} from './scored.js';
import {verdict} from './verdict.js';

/** The first screen: claim and doubts side by side, the key figures, and the conditions that every number has. */
export function header(facts: ReportFacts, doubts: readonly Doubt[]): Html {
  const {run, title, evaluation} = facts;
  return firstScreen({
    kind: `Run report · ${run.pipeline}`,
    title,
    identity: html`Run ${run.name} · ${facts.training.network}, ${evaluation.findings.length} findings · started ${dateTime(run.startedAt)} · configuration <span class="digest">${shortDigest(facts.config.digest)}</span>`,
    verdict: verdict(facts),
    doubts,
    keys: keyFigures(facts),
    conditions: conditions(facts),
    paths: {
      fiveMinutes: html`<a href="#results">the classes</a> and <a href="#doubts">the doubts</a>`,
      hour: html`<a href="#reproduce">run it again</a>`,
    },
  });
}

function keyFigures(facts: ReportFacts): readonly Html[] {
  const {evaluation, split, training} = facts;
  const fold = scoredFold(evaluation);
  const {auroc, average_precision, classes, prevalence} = fold.averages;
  const shared = sharedPatients(split);
  const seconds = training.epochs.reduce((sum, epoch) => sum + epoch.seconds, 0);
  const unscored = fold.undefined.length;
  return [
    keyFigure('Macro AUROC', auroc.macro.defined ? metric(auroc.macro.value) : 'undefined', [
      interval(auroc.macro),
      `mean of ${classes} of ${fold.classes.length} findings`,
    ]),
    keyFigure(
      'Macro average precision',
      average_precision.macro.defined ? metric(average_precision.macro.value) : 'undefined',
      [interval(average_precision.macro), prevalence === null ? null : `prevalence ${metric(prevalence)}`],
    ),
    keyFigure('Findings that could be scored', `${classes} of ${fold.classes.length}`, [
      unscored === 0 ? 'every one has positives' : countOf(unscored, 'is undefined', 'are undefined'),
      `in the ${foldName(fold.fold)} fold`,
    ]),
    keyFigure('Patients shared between folds', shared.value, shared.below),
    keyFigure('Time to train', formatDuration(seconds), [
      countOf(training.epochs.length, 'epoch'),
      `${formatRate(keptEpoch(training.epochs).images_per_second, 'images')}, ${countOf(training.device.ranks, 'rank')}`,
    ]),
  ];
}

function conditions({split, data, evaluation}: ReportFacts): FirstScreen['conditions'] {
  const fold = scoredFold(evaluation);
  const {level, resamples} = evaluation.method;
  return [
    ['Split', split.description],
    ['Labels', data.labels.state],
    [
      `${foldName(fold.fold).replace(/^./, (c) => c.toUpperCase())} fold`,
      `${countOf(fold.images, 'image')}, ${countOf(fold.patients, 'patient')}`,
    ],
    ['Prediction', 'one view per image'],
    ['Intervals', `${percentLevel(level)}, ${countOf(resamples, 'patient resample')}`],
  ];
}
