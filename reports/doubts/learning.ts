import type {FoldEvaluation} from '../../pipeline/model/evaluation.js';
import {formatCount} from '../../pipeline/model/words.js';
import type {ReportFacts} from '../facts.js';
import {fixed} from '../numbers.js';
import {foldName, scoredFold} from '../scored.js';
import type {Doubt} from './doubt.js';

/** A rise of the loss by so many standard errors is no noise. */
const CLEAR = 3;

/** Signs that the training went wrong: numbers that grew, or scores that have nothing to do with image or label. */
export function learningDoubts(facts: ReportFacts): Doubt[] {
  return [divergence(facts), blindness(facts), turnedOver(facts), otherRanks(facts), leftOut(facts)].flat();
}

function divergence({training: {losses}}: ReportFacts): Doubt[] {
  if (losses === null) return [];
  const rises = losses.rise > CLEAR * losses.noise;
  const noLower = losses.last > losses.first;
  if (!rises && !noLower) return [];
  const what = noLower
    ? 'The training loss ended higher than it began.'
    : 'The training loss rose over the last third of the steps.';
  return [
    {
      severity: noLower ? 'serious' : 'moderate',
      short: what,
      claim: what,
      consequence: 'The training diverged. Lower optimizer.lr, set clip_norm, or end it earlier.',
      evidence: `Mean loss ${fixed(losses.first, 4)} over the first tenth of ${formatCount(losses.steps)} steps, ${fixed(losses.last, 4)} over the last.`,
    },
  ];
}

/** On the validation fold where it was predicted: it has no part in how the report reads otherwise. */
function watched({evaluation}: ReportFacts): FoldEvaluation {
  return evaluation.folds.find(({fold}) => fold === 'val') ?? scoredFold(evaluation);
}

function blindness(facts: ReportFacts): Doubt[] {
  const fold = watched(facts);
  const values = aurocs(fold);
  if (values.length === 0 || values.some((value) => value !== 0.5)) return [];
  return [
    {
      severity: 'serious',
      short: 'The scores do not depend on the image.',
      claim: `The AUROC of every finding is exactly 0.5 on the ${foldName(fold.fold)} fold: the scores do not depend on the image.`,
      consequence:
        'The network is dead (all activations zero or constant), or the images it got were all alike.',
      evidence: `${formatCount(values.length)} findings of ${formatCount(fold.images)} images.`,
    },
  ];
}

function turnedOver(facts: ReportFacts): Doubt[] {
  const fold = watched(facts);
  const values = aurocs(fold);
  if (values.length < 2 || values.some((value) => value >= 0.5)) return [];
  return [
    {
      severity: 'serious',
      short: 'Every finding is ranked worse than by chance.',
      claim: `Every finding has an AUROC below 0.5 on the ${foldName(fold.fold)} fold.`,
      consequence:
        'Labels or scores may be in another order than thought, or turned over. Compare the order of findings of model and labels.',
      evidence: `The highest of ${formatCount(values.length)} is ${fixed(Math.max(...values), 3)}.`,
    },
  ];
}

function otherRanks({training: {otherRanks: changes}}: ReportFacts): Doubt[] {
  if (changes.length === 0) return [];
  return [
    {
      severity: 'minor',
      short: 'Training was resumed on another number of ranks.',
      claim: `Training was ${changes.join(', then ')}.`,
      consequence:
        'The images of every step are the same, the bits are not: an uninterrupted training ends elsewhere.',
      evidence: 'Recorded in the model.',
    },
  ];
}

function leftOut({training: {epochs}}: ReportFacts): Doubt[] {
  const skipped = epochs.reduce((sum, epoch) => sum + (epoch.skipped_steps ?? 0), 0);
  if (skipped === 0) return [];
  return [
    {
      severity: 'minor',
      short: 'fp16 left out steps.',
      claim: `fp16 left out ${formatCount(skipped)} steps whose gradients were too large for it.`,
      consequence: 'Their images counted for less than the others. bf16 and fp32 leave none out.',
      evidence: 'A few at the beginning are usual: the scale of the gradients is being found.',
    },
  ];
}

function aurocs(fold: FoldEvaluation): number[] {
  return fold.classes.flatMap(({auroc}) => (auroc.defined ? [auroc.value] : []));
}
