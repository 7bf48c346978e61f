import {countOf, formatCount} from '../pipeline/model/words.js';
import type {AuditFact, AuditStatus, SplitFacts} from './data-facts.js';

/** By its name, for example `patient-overlap`; null where the audit has no such check. */
export function auditCheck({audit}: SplitFacts, name: string): AuditFact | null {
  return audit.find((check) => check.name === name) ?? null;
}

/** `Patients in more than one fold: 0 of 30,805 patients`, or that it was not looked at. */
export function auditFinding({title, status, count, of, unit}: AuditFact): string {
  return status === 'not-checked'
    ? `${title}: not checked`
    : `${title}: ${formatCount(count)} of ${formatCount(of)}${unit === null ? '' : ` ${unit}`}`;
}

/** For the first screen: patients in several folds, of all patients in the folds. */
export function sharedPatients(split: SplitFacts): Readonly<{value: string; below: readonly string[]}> {
  const check = auditCheck(split, 'patient-overlap');
  const tally = auditTally(split);
  if (check === null || check.status === 'not-checked') return {value: 'not checked', below: [tally]};
  return {value: formatCount(check.count), below: [`of ${countOf(check.of, 'patient')}`, tally]};
}

/** `6 of 7 checks passed, 1 accepted`. */
export function auditTally({audit}: SplitFacts): string {
  const count = (status: AuditStatus): number => audit.filter((check) => check.status === status).length;
  const judged = audit.length - count('noted') - count('not-checked');
  const others = (['failed', 'accepted', 'noted', 'not-checked'] as const)
    .filter((status) => count(status) > 0)
    .map((status) => `${count(status)} ${STATUS_WORDS[status]}`);
  const passed = `${formatCount(count('passed'))} of ${countOf(judged, 'check')} passed`;
  return [passed, ...others].join(', ');
}

/** What a status is called in the middle of a sentence. */
export const STATUS_WORDS: Readonly<Record<AuditStatus, string>> = {
  passed: 'passed',
  failed: 'failed',
  accepted: 'accepted by the configuration',
  noted: 'noted',
  'not-checked': 'not checked',
};
