import type {ClassEvaluation, FoldEvaluation} from '../../pipeline/model/evaluation.js';
import {countOf, formatCount, listWords} from '../../pipeline/model/words.js';
import type {ReportFacts} from '../facts.js';
import {capitalized, inProse, interval, metricWithInterval, spelled} from '../numbers.js';
import {scoredFold} from '../scored.js';
import type {Doubt} from './doubt.js';

/** Below so many patients with a finding its interval is wide, and in truth somewhat wider still. */
export const FEW_PATIENTS = 30;

/** An interval wider than this leaves the first decimal open. */
const WIDE = 0.1;

/** Limits that lie in the numbers of the scored fold. */
export function statisticalDoubts(facts: ReportFacts): Doubt[] {
  return [
    chance(facts),
    undefinedClasses(facts),
    sameScores(facts),
    fewPositives(facts),
    wideIntervals(facts),
    smallFold(facts),
    chosenOnFewer(facts),
    lostClasses(facts),
  ].flat();
}

function chance({evaluation}: ReportFacts): Doubt[] {
  const {macro} = scoredFold(evaluation).averages.auroc;
  if (!macro.defined || macro.low === null || macro.low > 0.5) return [];
  return [
    {
      severity: 'serious',
      short: 'The macro AUROC is not distinguishable from chance.',
      claim: 'The macro AUROC is not distinguishable from chance.',
      consequence: 'Nothing shows that this model ranks better than a coin.',
      evidence: `Macro AUROC ${metricWithInterval(macro, evaluation.method.level)}; 0.5 is chance.`,
    },
  ];
}

function undefinedClasses({evaluation}: ReportFacts): Doubt[] {
  const fold = scoredFold(evaluation);
  const missing = fold.undefined.length;
  if (missing === 0) return [];
  const all = fold.classes.length;
  return [
    {
      severity: missing > all / 3 ? 'serious' : 'moderate',
      short: `${capitalized(spelled(missing))} of ${all} findings ${missing === 1 ? 'is' : 'are'} not scored.`,
      claim: `${capitalized(spelled(missing))} of ${all} findings could not be scored.`,
      consequence: 'Every average leaves them out, so it is no average of all findings.',
      evidence: `${whyUndefined(fold)}.`,
    },
  ];
}

/** `0 positives: mass, hernia`, findings grouped by their reason. */
export function whyUndefined(fold: FoldEvaluation): string {
  const groups = new Map<string, ClassEvaluation[]>();
  for (const one of fold.classes)
    if (!one.auroc.defined) groups.set(one.auroc.because, [...(groups.get(one.auroc.because) ?? []), one]);
  return [...groups].map(([because, classes]) => `${because}: ${names(classes)}`).join('; ');
}

function sameScores({evaluation}: ReportFacts): Doubt[] {
  const constant = scoredFold(evaluation).classes.filter(
    (one) => one.auroc.defined && one.distinct_scores === 1,
  );
  if (constant.length === 0) return [];
  return [
    {
      severity: 'serious',
      short: 'Some findings get one score for every image.',
      claim: `Every image gets the same score for ${names(constant)}.`,
      consequence: 'For these findings the model does not look at the image.',
      evidence: 'One distinct score each.',
    },
  ];
}

function fewPositives({evaluation}: ReportFacts): Doubt[] {
  const fold = scoredFold(evaluation);
  const few = fold.classes.filter((one) => one.auroc.defined && one.positive_patients < FEW_PATIENTS);
  if (few.length === 0) return [];
  const least = few.reduce((a, b) => (b.positive_patients < a.positive_patients ? b : a));
  const rests = `${countOf(least.positives, 'image')} of ${countOf(least.positive_patients, 'patient')}`;
  const evidence = `Fewest: ${inProse(least.finding)}, ${rests}; AUROC ${metricWithInterval(least.auroc, evaluation.method.level)}.`;
  if (few.length === 1)
    return [
      {
        severity: 'moderate',
        short: `${capitalized(inProse(least.finding))} rests on ${rests}.`,
        claim: `${capitalized(inProse(least.finding))} is measured on ${rests}.`,
        consequence: `Do not compare models on ${inProse(least.finding)} alone.`,
        evidence,
      },
    ];
  const all = few.length === fold.averages.classes;
  const which = all ? 'All scored findings' : `${capitalized(spelled(few.length))} findings`;
  return [
    {
      severity: 'moderate',
      short: `${which} rest on fewer than ${FEW_PATIENTS} patients.`,
      claim: `${which} are measured on fewer than ${FEW_PATIENTS} patients each.`,
      consequence:
        few.length > 6 || all
          ? 'Do not compare models on any one of them.'
          : `Do not compare models on one of them: ${names(few)}.`,
      evidence,
    },
  ];
}

/** Those that the rule for few positives has not named already. */
function wideIntervals({evaluation}: ReportFacts): Doubt[] {
  const wide = scoredFold(evaluation).classes.filter(
    (one) => widthOf(one) > WIDE && one.positive_patients >= FEW_PATIENTS,
  );
  if (wide.length === 0) return [];
  const widest = wide.reduce((a, b) => (widthOf(b) > widthOf(a) ? b : a));
  return [
    {
      severity: 'moderate',
      short:
        wide.length === 1
          ? `The interval of ${names(wide)} is wider than ${WIDE}.`
          : `${capitalized(spelled(wide.length))} intervals are wider than ${WIDE}.`,
      claim: `The interval of ${names(wide)} is wider than ${WIDE}.`,
      consequence: 'Their first decimal is open.',
      evidence: `Widest: ${inProse(widest.finding)}, ${interval(widest.auroc)}.`,
    },
  ];
}

function smallFold({evaluation}: ReportFacts): Doubt[] {
  const fold = scoredFold(evaluation);
  if (fold.patients >= 100) return [];
  return [
    {
      severity: 'moderate',
      short: `Only ${countOf(fold.patients, 'patient')} in the ${fold.fold} fold.`,
      claim: `The ${fold.fold} fold holds only ${countOf(fold.patients, 'patient')}.`,
      consequence: 'With so few clusters bootstrap intervals tend to be too narrow.',
      evidence: `${countOf(fold.images, 'image')}; ${formatCount(fold.most_images_of_a_patient)} of one patient.`,
    },
  ];
}

function chosenOnFewer({training, evaluation}: ReportFacts): Doubt[] {
  const all = evaluation.findings.length;
  const fewest = Math.min(...training.epochs.map((epoch) => epoch.val_auroc_defined));
  if (fewest >= all || fewest === 0) return [];
  return [
    {
      severity: 'minor',
      short: 'The kept epoch was chosen on fewer findings.',
      claim: `The kept epoch was chosen by an AUROC over ${fewest} of ${all} findings.`,
      consequence: 'The other findings had no say in the choice.',
      evidence: 'They have no positive image in the validation fold.',
    },
  ];
}

function lostClasses({evaluation}: ReportFacts): Doubt[] {
  const fold = scoredFold(evaluation);
  const lost = fold.averages.incomplete_resamples;
  if (lost === 0) return [];
  return [
    {
      severity: 'minor',
      short: 'Some resamples lost a finding.',
      claim: `In ${formatCount(lost)} of ${formatCount(evaluation.method.resamples)} resamples a scored finding had no positive patient left.`,
      consequence:
        'Those resamples count for the other findings only, and the averages in them leave it out.',
      evidence: `Findings with fewest positive patients: ${names(
        [...fold.classes]
          .filter((one) => one.auroc.defined)
          .sort((a, b) => a.positive_patients - b.positive_patients)
          .slice(0, 3),
      )}.`,
    },
  ];
}

function widthOf({auroc}: ClassEvaluation): number {
  return auroc.defined && auroc.low !== null && auroc.high !== null ? auroc.high - auroc.low : 0;
}

function names(classes: readonly ClassEvaluation[]): string {
  return listWords(classes.map((one) => inProse(one.finding)));
}
