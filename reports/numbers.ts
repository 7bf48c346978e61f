import type {Estimate} from '../pipeline/model/evaluation.js';
import {formatCount} from '../pipeline/model/words.js';

/**
 * Numbers as a report prints them: one precision per kind (AUROC and average precision 3 decimals, percent 1), real
 * minus, intervals "0.838 to 0.850" because a dash beside minus signs misleads. Undefined is said in words.
 */
export function metric(value: number): string {
  if (!Number.isFinite(value)) throw new Error(`Internal error: a metric of ${value} reached the report`);
  return minus(value.toFixed(3));
}

export function interval(estimate: Estimate): string | null {
  if (!estimate.defined || estimate.low === null || estimate.high === null) return null;
  return `${metric(estimate.low)} to ${metric(estimate.high)}`;
}

/** `0.844 (95% interval 0.838 to 0.850)`, or what stands in its place. */
export function metricWithInterval(estimate: Estimate, level: number): string {
  if (!estimate.defined) return `undefined (${estimate.because})`;
  const range = interval(estimate);
  const why = range === null ? whyNoInterval(estimate) : `${percentLevel(level)} interval ${range}`;
  return `${metric(estimate.value)} (${why})`;
}

/** A value that is the same in every resample would have an interval of no width, which claims too much. */
export function whyNoInterval(estimate: Extract<Estimate, {defined: true}>): string {
  const constant = estimate.value === 0 || estimate.value === 1;
  return constant ? 'no interval: no resample differs' : 'no interval: too few resamples';
}

/** 0.95 as `95%`. */
export function percentLevel(level: number): string {
  return `${Number((level * 100).toFixed(4))}%`;
}

/** A share as a percentage with one decimal, without its sign: units stand in the header. */
export function percent(share: number): string {
  return minus((share * 100).toFixed(1));
}

export function fixed(value: number, decimals: number): string {
  const [whole, fraction] = minus(value.toFixed(decimals)).split('.');
  const grouped = whole!.replace(/\B(?=(\d{3})+$)/g, ',');
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

/** `24 November 2026, 14:07 UTC` of an ISO 8601 time in UTC. */
export function dateTime(iso: string): string {
  const months = [
    'January',
    'February',
    'March',
    'April',
    'May',
    'June',
    'July',
    'August',
    'September',
    'October',
    'November',
    'December',
  ];
  const [year, month, day] = iso.slice(0, 10).split('-');
  return `${Number(day)} ${months[Number(month) - 1]} ${year}, ${iso.slice(11, 16)} UTC`;
}

/** `5d1e8a3b…c04f12ab`: enough to recognise a digest; the whole one stands in the manifest. */
export function shortDigest(digest: string): string {
  return `${digest.slice(0, 8)}…${digest.slice(-4)}`;
}

/** A span of whole numbers: `20–29`, `90+`, or `1` alone. */
export function spanOf({from, to}: Readonly<{from: number; to: number | null}>): string {
  if (to === null) return `${from}+`;
  return from === to ? String(from) : `${from}–${to}`;
}

/** A finding as prose writes it: `pleural thickening`. */
export function inProse(finding: string): string {
  return finding.replaceAll('_', ' ').toLowerCase();
}

/** A finding as a row of a table writes it: `Pleural thickening`. */
export function inTable(finding: string): string {
  const words = inProse(finding);
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** `three` up to twelve, digits from there on. */
export function spelled(count: number): string {
  const words = [
    'no',
    'one',
    'two',
    'three',
    'four',
    'five',
    'six',
    'seven',
    'eight',
    'nine',
    'ten',
    'eleven',
    'twelve',
  ];
  return words[count] ?? formatCount(count);
}

export function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function minus(text: string): string {
  return text.replace('-', '\u2212');
}
