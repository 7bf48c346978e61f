import {countOf, formatCount, listWords} from '../../pipeline/model/words.js';
import {auditCheck} from '../audit.js';
import type {ReportFacts} from '../facts.js';
import {capitalized} from '../numbers.js';
import type {Doubt} from './doubt.js';

/** Limits that lie in how the model was trained. */
export function trainingDoubts(facts: ReportFacts): Doubt[] {
  const {training} = facts;
  const last = training.epochs.at(-1);
  const found: Doubt[] = [
    ...importedWeights(facts),
    {
      severity: 'moderate',
      short: 'One seed was trained.',
      claim: 'One seed was trained; the noise between seeds was not measured.',
      consequence: 'Differences of a few thousandths between runs may be chance.',
      evidence:
        'A published study of five seeds on another split found a standard deviation of 0.0015 for macro AUROC.',
    },
  ];
  if (last?.is_best === true && training.epochs.length > 1)
    found.push({
      severity: 'moderate',
      short: 'The last epoch was the best one.',
      claim: `The best epoch was the last one, ${last.epoch} of ${training.epochs.length}.`,
      consequence: 'Training had not levelled off; more epochs may score higher.',
      evidence: 'Epochs are compared on the validation fold.',
    });
  if (training.resumedFromSteps.length > 0)
    found.push({
      severity: 'minor',
      short: 'Training was interrupted and resumed.',
      claim: `Training was interrupted and resumed ${training.resumedFromSteps.length === 1 ? 'once' : `${formatCount(training.resumedFromSteps.length)} times`}.`,
      consequence:
        'The order of images, the random state and the optimizer were restored, so the result should be the same.',
      evidence: resumed(training),
    });
  return found;
}

function resumed({resumedFromSteps, interruptions}: ReportFacts['training']): string {
  const because = new Map<string, number>();
  for (const why of interruptions) because.set(why, (because.get(why) ?? 0) + 1);
  const reasons = [...because].map(([why, times]) =>
    times === 1 ? why : `${why} (${formatCount(times)} times)`,
  );
  const told = reasons.length === 0 ? '' : `: ${reasons.join('; ')}`;
  return `Resumed after step ${listWords(resumedFromSteps.map(formatCount))}${told}.`;
}

/** Weights from elsewhere may have seen the test images; whether they have is only known where their list is given. */
function importedWeights({training, split}: ReportFacts): Doubt[] {
  const check = auditCheck(split, 'trained-on');
  const {startedFrom} = training;
  if (startedFrom === null || (check !== null && check.status !== 'not-checked')) return [];
  return [
    {
      severity: startedFrom.knowsFindings ? 'serious' : 'minor',
      short: 'What the imported weights were trained on was not checked.',
      claim: `Training began from the weights of ${startedFrom.name}, and what they were trained on was not checked.`,
      consequence:
        'Had they been trained on images of the validation or test fold, the scores would be too high. Name its training list: parameter trained_on of split.',
      evidence: `${capitalized(check?.detail ?? 'the audit has no such check')}.`,
    },
  ];
}

/** Limits that lie in what is known about the run itself. */
export function recordDoubts({stages, environment}: ReportFacts): Doubt[] {
  const tainted = stages.filter((stage) => (stage.artifact?.tainted.length ?? 0) > 0);
  const found: Doubt[] = tainted.map((stage) => ({
    severity: 'serious',
    short: `An input of ${stage.id} changed while it ran.`,
    claim: `An input of stage ${stage.id} changed while it ran.`,
    consequence: 'What it made may belong to neither version of that input. Run it again.',
    evidence: `Changed: ${listWords(stage.artifact!.tainted)}.`,
  }));
  const source = environment?.source ?? null;
  if (source?.uncommitted === true)
    found.push({
      severity: 'minor',
      short: 'The source had uncommitted changes.',
      claim: 'The source had uncommitted changes.',
      consequence: 'The commit alone does not reproduce the run; the patch kept with it is needed too.',
      evidence: `Commit ${source.commit?.slice(0, 10) ?? 'unknown'} and ${countOf(source.patchLines, 'line')} in source.patch.`,
    });
  if (source === null || source.commit === null)
    found.push({
      severity: 'minor',
      short: 'The state of the source is not recorded.',
      claim: 'The state of the source is not recorded.',
      consequence: 'Which version of the program made this cannot be proven.',
      evidence: 'The program did not run from a git work tree.',
    });
  return found;
}
