import type {ReportFacts} from '../facts.js';
import {dataDoubts} from './data.js';
import type {Doubt, Severity} from './doubt.js';
import {recordDoubts, trainingDoubts} from './records.js';
import {statisticalDoubts} from './statistics.js';

const SEVERITIES: readonly Severity[] = ['serious', 'moderate', 'minor'];

/** The gravest first; rules of equal weight in the order in which they are written. */
export function findDoubts(facts: ReportFacts): readonly Doubt[] {
  const found = [
    ...dataDoubts(facts),
    ...statisticalDoubts(facts),
    ...trainingDoubts(facts),
    ...recordDoubts(facts),
  ];
  return SEVERITIES.flatMap((severity) => found.filter((doubt) => doubt.severity === severity));
}
