import {isJsonObject, type Json} from './json.js';

/**
 * Numbers as text, the same in the terminal, the reasons, the diagnostics and the tables. English, a point for
 * decimals, a space before a unit. A number that is not finite is a dash.
 */
const NO_NUMBER = '–';

/** A parameter's number: `32`, `0.01`, and below a thousandth `3e-4`. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return NO_NUMBER;
  if (value !== 0 && Math.abs(value) < 1e-3) return value.toExponential();
  return String(value);
}

/** A measured number to that many significant digits (4 unless told): `0.3012`, `41.7`, `3.2e-5`. */
export function formatMeasure(value: number, digits = 4): string {
  if (!Number.isFinite(value)) return NO_NUMBER;
  if (value === 0) return '0';
  if (Math.abs(value) < 1e-3) return Number(value.toPrecision(digits)).toExponential();
  if (Math.abs(value) >= 10 ** digits) return formatCount(value);
  return value.toPrecision(digits);
}

/** A whole number with its thousands marked: `112,120`. */
export function formatCount(value: number): string {
  if (!Number.isFinite(value)) return NO_NUMBER;
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `1 stage`, `7 stages`; a plural that is not formed with s is given. */
export function countOf(count: number, noun: string, plural = `${noun}s`): string {
  return `${formatCount(count)} ${count === 1 ? noun : plural}`;
}

/** A share between 0 and 1 as `62%`; less than a percent but not nothing is `<1%`, and 100% means all. */
export function formatShare(share: number): string {
  if (!Number.isFinite(share)) return NO_NUMBER;
  if (share > 0 && share < 0.01) return '<1%';
  if (share > 0.99 && share < 1) return '99%';
  return `${Math.round(share * 100)}%`;
}

/** How long something took: `40 ms`, `3.1 s`, `38 s`, `3 min 12 s`, `2 h 05 min`, `1 d 03 h`. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return NO_NUMBER;
  if (seconds < 0.001) return seconds === 0 ? '0 s' : '<1 ms';
  if (seconds < 0.0995) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${twoDigits(whole % 60)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ${twoDigits(minutes % 60)} min`;
  const hours = Math.round(seconds / 3600);
  return `${Math.floor(hours / 24)} d ${twoDigits(hours % 24)} h`;
}

/** A running clock: `0:42`, `12:05`, `1:02:03`. */
export function formatClock(seconds: number): string {
  if (!Number.isFinite(seconds)) return NO_NUMBER;
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const clock = `${hours > 0 ? twoDigits(minutes) : minutes}:${twoDigits(whole % 60)}`;
  return hours > 0 ? `${hours}:${clock}` : clock;
}

/** Bytes in powers of 1000, as disks and data sheets count them: `512 B`, `1.3 kB`, `45 GB`. */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes)) return NO_NUMBER;
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let [value, unit] = [bytes, 0];
  while (value >= 999.5 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  const text = unit === 0 || value >= 9.95 ? value.toFixed(0) : value.toFixed(1);
  return `${text} ${units[unit]}`;
}

/** How many of something in a second, or in a minute when that says more: `431 images/s`, `2.4 steps/min`. */
export function formatRate(perSecond: number, unit: string): string {
  if (!Number.isFinite(perSecond) || perSecond < 0) return NO_NUMBER;
  if (perSecond > 0 && perSecond < 0.5) return `${oneDecimal(perSecond * 60)} ${unit}/min`;
  return `${oneDecimal(perSecond)} ${unit}/s`;
}

/** A configuration value on one line: `3e-4`, `adamw`, `[a, b]`, `{flip: 0.5}`. Text that could be misread is quoted. */
export function formatValue(value: Json): string {
  if (typeof value === 'number') return formatNumber(value);
  if (typeof value === 'string')
    return /^[\p{L}_./~][\p{L}\p{N}_./~: -]*$/u.test(value) ? value : JSON.stringify(value);
  if (isJsonObject(value)) {
    const fields = Object.entries(value).map(([key, field]) => `${key}: ${formatValue(field)}`);
    return `{${fields.join(', ')}}`;
  }
  if (value !== null && typeof value === 'object') return `[${value.map(formatValue).join(', ')}]`;
  return String(value);
}

/** `a, b and c`. */
export function listWords(words: readonly string[], conjunction: 'and' | 'or' = 'and'): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} ${conjunction} ${words.at(-1)}`;
}

function oneDecimal(value: number): string {
  return value < 9.95 ? value.toFixed(1) : formatCount(value);
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
