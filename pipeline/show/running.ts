import {formatClock, formatMeasure, formatRate, formatShare} from '../model/words.js';
import {type Line, type Span, span} from './line.js';
import {amountText, type Progress, rateText, shareOf, timeLeftText} from './progress.js';
import type {StageView, Training} from './state.js';
import {displayWidth, printable} from './text.js';

/** A piece of what a running stage tells. Those with a low `rank` find room first; of the others what still fits. */
type Field = Readonly<{text: string | null; rank: number}>;

/** Bar, share, amount, speed and time left of a running stage, as many as there is room for. */
export function runningFields(stage: StageView, {room, nowMs}: {room: number; nowMs: number}): Line {
  const {progress, training, note, phase} = stage;
  const elapsed = phase.is === 'running' ? formatClock((nowMs - phase.sinceMs) / 1000) : '';
  const said = note === null ? null : printable(note);
  const attempt = phase.is === 'running' && phase.attempt > 1 ? `attempt ${phase.attempt}` : null;
  const share = progress === null ? null : shareOf(progress);
  if (progress === null || share === null) {
    const amount = progress === null ? null : amountText(progress);
    const speed = progress === null ? null : rateText(progress);
    const fields = [
      {text: elapsed, rank: 0},
      {text: amount, rank: 1},
      {text: speed, rank: 2},
      {text: attempt, rank: 3},
      {text: said, rank: 0},
    ];
    return [span(chosen(fields, room))];
  }
  const fields = progressFields({progress, training, nowMs});
  fields.push({text: attempt, rank: 7}, {text: training === null ? said : null, rank: 8});
  const width = barWidth(room);
  return [...bar(share, width), span('  '), span(chosen(fields, room - width - 2))];
}

function progressFields(known: {progress: Progress; training: Training | null; nowMs: number}): Field[] {
  const {progress, training, nowMs} = known;
  const share = formatShare(shareOf(progress) ?? 0).padStart(3);
  const left = timeLeftText(progress, nowMs);
  if (training === null) {
    return [
      {text: share, rank: 0},
      {text: amountText(progress), rank: 2},
      {text: rateText(progress), rank: 3},
      {text: left, rank: 1},
    ];
  }
  const {epoch, epochs, loss, auroc, imagesPerSecond} = training;
  return [
    {text: share, rank: 0},
    {text: epoch === null ? null : `epoch ${epoch}${epochs === null ? '' : `/${epochs}`}`, rank: 2},
    {text: amountText(progress), rank: 6},
    {text: loss === null ? null : `loss ${formatMeasure(loss, 3)}`, rank: 3},
    {text: auroc === null ? null : `AUROC ${formatMeasure(auroc, 3)}`, rank: 5},
    {text: imagesPerSecond === null ? null : formatRate(imagesPerSecond, 'images'), rank: 4},
    {text: left, rank: 1},
  ];
}

const GAP = '  ';

function chosen(fields: readonly Field[], room: number): string {
  const known = fields
    .map((field, index) => ({...field, index}))
    .filter(({text}) => text !== null && text !== '');
  const kept: typeof known = [];
  let width = -GAP.length;
  for (const field of known.toSorted((a, b) => a.rank - b.rank)) {
    const wider = width + GAP.length + displayWidth(field.text!);
    // What matters most is shown even if it has to be cut.
    if (wider > room && field.rank > 0) continue;
    kept.push(field);
    width = wider;
  }
  return kept
    .sort((a, b) => a.index - b.index)
    .map(({text}) => text)
    .join(GAP);
}

function barWidth(room: number): number {
  return room >= 100 ? 24 : room >= 75 ? 16 : Math.max(4, Math.min(10, room - 30));
}

/** Half a cell is drawn as half a cell. */
function bar(share: number, width: number): readonly Span[] {
  const halves = Math.round(share * width * 2);
  const full = '━'.repeat(Math.floor(halves / 2));
  const half = halves % 2 === 1 ? '╸' : '';
  return [span(full + half, 'live'), span('─'.repeat(width - full.length - half.length), 'dim')];
}
