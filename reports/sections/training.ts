import {countOf, formatCount, formatDuration} from '../../pipeline/model/words.js';
import {factList, section} from '../elements.js';
import type {ReportFacts} from '../facts.js';
import {keptEpoch} from '../figures/training.js';
import type {Html} from '../html.js';
import {html} from '../html.js';
import {capitalized, metric, spelled} from '../numbers.js';
import type {Page} from '../page.js';
import {curves} from './curves.js';
import {recipeTable} from './recipe.js';
import {speedTable, times} from './times.js';

/** How it was trained: recipe with origins, curves, time and throughput. */
export function trainingSection(page: Page<ReportFacts>, number: number): Html {
  const {facts} = page;
  return section({
    number,
    id: 'training',
    question: 'How was it trained?',
    answer: answer(facts),
    body: html`${summary(facts)}
<h3>Recipe</h3>
${recipeTable(page)}
<h3>Curves</h3>
${curves(page)}
<h3>Time and throughput</h3>
${times(page)}
${speedTable(page)}`,
  });
}

function answer({training}: ReportFacts): string {
  const {epochs, device} = training;
  const kept = keptEpoch(epochs);
  const seconds = epochs.reduce((sum, epoch) => sum + epoch.seconds, 0);
  const where = ` on ${countOf(device.ranks, 'rank')} (${device.name})`;
  const trained = `${capitalized(spelled(epochs.length))} ${epochs.length === 1 ? 'epoch' : 'epochs'} in ${formatDuration(seconds)}${where}`;
  return `${trained}; ${whyKept(kept)}.`;
}

function whyKept(kept: ReturnType<typeof keptEpoch>): string {
  if (kept.val_auroc_macro !== null)
    return `epoch ${kept.epoch} was kept because it had the best validation macro AUROC (${metric(kept.val_auroc_macro)})`;
  if (kept.val_loss !== null)
    return `epoch ${kept.epoch} was kept because it had the lowest validation loss; no finding could be scored in that fold`;
  return 'the last one was kept, because nothing was validated';
}

function summary({training, images, split, evaluation, settings}: ReportFacts): Html {
  const {device, resumedFromSteps, epochs} = training;
  const train = split.folds.find((fold) => fold.fold === 'train');
  const seen = training.images?.train ?? train?.here.images ?? 0;
  const notAtHand = training.images?.notAtHand ?? 0;
  const absent =
    notAtHand === 0
      ? ''
      : `; ${countOf(notAtHand, 'image')} of the folds, not at hand, ${notAtHand === 1 ? 'was' : 'were'} left out`;
  return factList([
    ['Model', `${training.network}, ${evaluation.findings.length} logits`],
    ['Loss', training.loss],
    ['Input', `${countOf(seen, 'image')} per epoch, ${inputSize(images.size, settings)}${absent}`],
    [
      'Started from',
      training.startedFrom === null ? 'random weights' : `the weights of ${training.startedFrom.name}`,
    ],
    [
      'Device',
      [
        `${countOf(device.ranks, 'rank')} on ${device.name}`,
        device.description,
        device.because,
        device.torch === null ? null : `torch ${device.torch}`,
      ]
        .filter((part) => part !== null)
        .join('; '),
    ],
    [
      'Kept epoch',
      `${keptEpoch(epochs).epoch} of ${epochs.length}, chosen on the validation fold; test images were not looked at`,
    ],
    [
      'Interruptions',
      resumedFromSteps.length === 0
        ? 'none'
        : `resumed after step ${resumedFromSteps.map(formatCount).join(', ')}`,
    ],
  ]);
}

/** What the model saw of each stored image. */
function inputSize(stored: number, settings: ReportFacts['settings']): string {
  const crop = settings.find(({path}) => path.endsWith('.input.crop'))?.value;
  const whole = `${stored} × ${stored} pixels`;
  return typeof crop === 'number' && crop < stored ? `${crop} × ${crop} pixels cut from ${whole}` : whole;
}
