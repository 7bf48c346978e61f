import type {Decision} from '../model/decision.js';
import type {Outcome} from '../model/event.js';
import type {JobEvent} from '../model/job-event.js';
import type {Json, JsonObject} from '../model/json.js';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatMeasure,
  formatRate,
  formatShare,
} from '../model/words.js';
import {printable} from './text.js';

/** Between facts that stand in one line. */
export const DOT = ' · ';

/** Every reason of a decision, in the words of `pipeline why`. */
export function reasonText({because}: Decision): string {
  return because.map(({text}) => text).join('; ');
}

/** The headline facts of a stage as a short list: `600 images`, `AUROC macro 0.8872`. */
export function factsOf(summary: JsonObject): readonly string[] {
  return Object.entries(summary).flatMap(([key, value]) => factText(key, value) ?? []);
}

function factText(key: string, value: Json): string | null {
  const words = key
    .replace(/_(?:bytes|seconds|share)$/, '')
    .replaceAll('_', ' ')
    .replace(/\b(?:auroc|auprc|ap)\b/g, upper);
  if (typeof value === 'string') return value === '' ? null : `${words} ${value}`;
  if (value === true) return words;
  if (typeof value !== 'number') return null;
  const rate = /^(\w+)_per_second$/.exec(key);
  if (rate) return formatRate(value, rate[1]!);
  if (/(?:^|_)bytes$/.test(key))
    return key === 'bytes' ? formatBytes(value) : `${words} ${formatBytes(value)}`;
  if (/_seconds$/.test(key)) return `${words} ${formatDuration(value)}`;
  if (/_share$/.test(key)) return `${words} ${formatShare(value)}`;
  // How long the stage took stands beside the facts anyway.
  if (key === 'seconds') return null;
  // A count reads best before what is counted, a measure behind its name.
  const counted = Number.isInteger(value) && /(?:s|ies)$/.test(key);
  return counted
    ? `${formatCount(value)} ${value === 1 ? singular(words) : words}`
    : `${words} ${Number.isInteger(value) ? value : formatMeasure(value)}`;
}

/** Of the nouns that stages count; no dictionary. */
function singular(noun: string): string {
  return noun.replace(/ies$/, 'y').replace(/s$/, '');
}

function upper(word: string): string {
  return word.toUpperCase();
}

/** One epoch of a training: `loss 0.3012`, `val loss 0.2892`, `val AUROC 0.702 (best)`, `431 images/s`, `12 s`. */
export function epochFacts({metrics}: Extract<JobEvent, {type: 'epoch'}>): readonly string[] {
  const {train_loss, val_loss, val_auroc_macro, is_best, images_per_second, seconds, loader_stall_share} =
    metrics;
  return [
    `loss ${train_loss === null ? 'not finite' : formatMeasure(train_loss)}`,
    ...(val_loss === null ? [] : [`val loss ${formatMeasure(val_loss)}`]),
    ...(val_auroc_macro === null
      ? []
      : [`val AUROC ${formatMeasure(val_auroc_macro, 3)}${is_best ? ' (best)' : ''}`]),
    formatRate(images_per_second, 'images'),
    ...(loader_stall_share >= 0.1 ? [`${formatShare(loader_stall_share)} waiting for images`] : []),
    formatDuration(seconds),
  ];
}

/** What became of a stage, in a word or two. */
export function outcomeWord(outcome: Outcome): string {
  if (outcome.status === 'failed') return 'failed';
  if (outcome.status === 'cancelled')
    return outcome.because === 'not-selected' ? 'not selected' : 'cancelled';
  return outcome.tainted.length > 0 ? 'tainted' : outcome.how;
}

/** Why a stage did not run. */
export function cancelledText({because}: Extract<Outcome, {status: 'cancelled'}>): string {
  if (because === 'interrupted') return 'the run was interrupted';
  if (because === 'earlier-failure') return 'another stage failed before';
  if (because === 'not-selected') return '';
  if (because.isSelected) return `needs ${because.needs}, which did not succeed`;
  return `needs ${because.needs}, which was left out and is not up to date`;
}

/** Which inputs changed under a stage that ran. */
export function taintedText({tainted}: Extract<Outcome, {status: 'succeeded'}>): string {
  return `changed while it ran: ${printable(tainted.join(', '))}`;
}

/** The upper-case word of a decision: `train  RUN  optimizer.lr 1e-4 → 3e-4 (full.yaml:41)`. */
export function decisionWord({action}: Decision): string {
  return action.toUpperCase();
}
