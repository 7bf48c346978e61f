import type {ReportFacts} from '../facts.js';
import {dataDoubts} from './data.js';
import type {Doubt, Severity} from './doubt.js';
import {learningDoubts} from './learning.js';
import {recordDoubts, trainingDoubts} from './records.js';
import {statisticalDoubts} from './statistics.js';

const SEVERITIES: readonly Severity[] = ['serious', 'moderate', 'minor'];

/** What is to be doubted of a run, the gravest first. */
export function findDoubts(facts: ReportFacts): readonly Doubt[] {
  const found = [
    ...dataDoubts(facts),
    ...statisticalDoubts(facts),
    ...learningDoubts(facts),
    ...trainingDoubts(facts),
    ...recordDoubts(facts),
  ];
  return gravestFirst(found);
}

/** Rules of equal weight stay in their order. */
export function gravestFirst(found: readonly Doubt[]): readonly Doubt[] {
  return SEVERITIES.flatMap((severity) => found.filter((doubt) => doubt.severity === severity));
}
