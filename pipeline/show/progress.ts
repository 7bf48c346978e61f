import {formatBytes, formatClock, formatCount, formatRate} from '../model/words.js';

/** How far something is, and how fast it got there lately. Times are Unix milliseconds. */
export type Progress = Readonly<{
  done: number;
  total: number | null;
  unit: string;
  /** The recent past, oldest first: rates are taken over these. */
  marks: readonly Readonly<{atMs: number; done: number}>[];
}>;

/** Long enough to even out batches, short enough to notice a change. */
const WINDOW_MS = 30_000;
const MARK_EVERY_MS = 500;
/** A unit that is told in kB, MB, GB. */
const BYTES = 'bytes';
/** Also of what reports seldom a rate is known. */
const KEPT_MARKS = 4;

/** One more report, that came at `atMs`. */
export function advanceProgress(
  progress: Progress | null,
  {done, total, unit}: {readonly done: number; readonly total: number | null; readonly unit: string},
  atMs: number,
): Progress {
  // Another unit or a step back is another piece of work.
  const goesOn = progress !== null && progress.unit === unit && progress.done <= done;
  const old = goesOn ? progress.marks : [];
  const marks = old.filter(
    ({atMs: then}, index) => atMs - then <= WINDOW_MS || index >= old.length - KEPT_MARKS,
  );
  const last = marks.at(-1);
  const beforeLast = marks.at(-2);
  const crowded =
    last !== undefined && beforeLast !== undefined && last.atMs - beforeLast.atMs < MARK_EVERY_MS;
  return {done, total, unit, marks: [...(crowded ? marks.slice(0, -1) : marks), {atMs, done}]};
}

/** Per second; null while too little is known. */
function rateOf({marks}: Progress): number | null {
  const [first, last] = [marks[0], marks.at(-1)];
  if (first === undefined || last === undefined || last.atMs - first.atMs < 200) return null;
  return ((last.done - first.done) / (last.atMs - first.atMs)) * 1000;
}

/** Null while it cannot be told. Counts down between two reports. */
export function secondsLeft(progress: Progress, nowMs: number): number | null {
  const rate = rateOf(progress);
  const last = progress.marks.at(-1);
  if (rate === null || rate <= 0 || progress.total === null || last === undefined) return null;
  return Math.max(0, (progress.total - progress.done) / rate - (nowMs - last.atMs) / 1000);
}

/** Between 0 and 1; null without a total. */
export function shareOf({done, total}: Progress): number | null {
  return total === null || total <= 0 ? null : Math.min(1, done / total);
}

/** `240/600 images`, `1,203 images`; of `bytes` `12 GB/45 GB`. */
export function amountText({done, total, unit}: Progress): string {
  if (unit === BYTES) return [done, ...(total === null ? [] : [total])].map(formatBytes).join('/');
  return total === null
    ? `${formatCount(done)} ${unit}`
    : `${formatCount(done)}/${formatCount(total)} ${unit}`;
}

/** `431 images/s`, of `files hashed` `431 files/s`, of `bytes` `112 MB/s`; null while it cannot be told. */
export function rateText(progress: Progress): string | null {
  const rate = rateOf(progress);
  if (rate === null || rate <= 0) return null;
  return progress.unit === BYTES ? `${formatBytes(rate)}/s` : formatRate(rate, progress.unit.split(' ')[0]!);
}

/** `0:42 left`; null while it cannot be told, and at the end. */
export function timeLeftText(progress: Progress, nowMs: number): string | null {
  const seconds = secondsLeft(progress, nowMs);
  return seconds === null || progress.done === progress.total
    ? null
    : `${formatClock(Math.ceil(seconds))} left`;
}
