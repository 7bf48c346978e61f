import type {
  ByGroup,
  ContentFacts,
  FindingFacts,
  PeopleFacts,
  PerPatientFacts,
  SampleFacts,
} from '../../../reports/data-facts.js';
import {FINDINGS} from '../../model/findings.js';
import {quantile} from '../data-card.js';
import type {BoxRow, ImageRow} from '../dataset.js';

/** Upper ends of the groups of patients by their number of images. */
const GROUPS = [1, 2, 5, 10, 20, 50];

const DECADES = 10;

/** What the images of a data set show and whom, counted over its metadata. */
export function contentFacts(of: {
  rows: readonly ImageRow[];
  boxes: readonly BoxRow[];
  /** As the data card counts it. */
  coOccurrence: ContentFacts['coOccurrence'];
  samples: SampleFacts | null;
}): ContentFacts {
  const {rows, boxes, coOccurrence, samples} = of;
  return {
    findings: FINDINGS.map((finding) => findingFacts(rows.filter((row) => row.findings.includes(finding)))),
    noFinding: findingFacts(rows.filter((row) => row.findings.length === 0)),
    several: rows.filter((row) => row.findings.length > 1).length,
    coOccurrence,
    people: peopleFacts(rows),
    perPatient: perPatientFacts(rows),
    boxes: {boxes: boxes.length, images: new Set(boxes.map((box) => box.image)).size},
    samples,
  };
}

function findingFacts(rows: readonly ImageRow[]): FindingFacts {
  const share = (has: (row: ImageRow) => boolean): number | null =>
    rows.length === 0 ? null : rows.filter(has).length / rows.length;
  const ages = ageFacts(rows.flatMap((row) => row.age ?? []));
  return {
    images: rows.length,
    alone: rows.filter((row) => row.findings.length === 1).length,
    patients: new Set(rows.map((row) => row.patient)).size,
    femaleShare: share((row) => row.sex === 'F'),
    apShare: share((row) => row.view === 'AP'),
    medianAge: ages === null ? null : ages.median,
  };
}

function peopleFacts(rows: readonly ImageRow[]): PeopleFacts {
  const known = rows.filter((row) => row.age !== null);
  const decade = ({age}: ImageRow): number => Math.min(DECADES - 1, Math.floor(age! / 10));
  const last = known.reduce((most, row) => Math.max(most, decade(row)), 0);
  const ages = Array.from({length: last + 1}, (_, index) => {
    const among = known.filter((row) => decade(row) === index);
    return {from: 10 * index, to: index === DECADES - 1 ? null : 10 * index + 9, ...byGroup(among)};
  });
  const views = (sex: 'F' | 'M'): {pa: number; ap: number} => {
    const {pa, ap} = byGroup(rows.filter((row) => row.sex === sex));
    return {pa, ap};
  };
  return {
    ages,
    ageUnknown: rows.length - known.length,
    age: ageFacts(known.map((row) => row.age!)),
    views: {female: views('F'), male: views('M')},
  };
}

function ageFacts(ages: readonly number[]): PeopleFacts['age'] {
  if (ages.length === 0) return null;
  const sorted = [...ages].sort((a, b) => a - b);
  return {
    youngest: sorted[0]!,
    lowerQuartile: quantile(sorted, 0.25),
    median: quantile(sorted, 0.5),
    upperQuartile: quantile(sorted, 0.75),
    oldest: sorted.at(-1)!,
  };
}

function byGroup(rows: readonly ImageRow[]): ByGroup {
  const count = (has: (row: ImageRow) => boolean): number => rows.filter(has).length;
  return {
    female: count((row) => row.sex === 'F'),
    male: count((row) => row.sex === 'M'),
    pa: count((row) => row.view === 'PA'),
    ap: count((row) => row.view === 'AP'),
  };
}

function perPatientFacts(rows: readonly ImageRow[]): PerPatientFacts {
  const perPatient = new Map<string, number>();
  for (const {patient} of rows) perPatient.set(patient, (perPatient.get(patient) ?? 0) + 1);
  const counts = [...perPatient.values()].sort((a, b) => b - a);
  const bins = [...GROUPS, null].map((to, index) => {
    const from = index === 0 ? 1 : GROUPS[index - 1]! + 1;
    const among = counts.filter((count) => count >= from && (to === null || count <= to));
    return {from, to, patients: among.length, images: sum(among)};
  });
  const used = bins.findLastIndex((bin) => bin.patients > 0);
  const top = Math.max(1, Math.round(counts.length / 100));
  return {
    median: counts.length === 0 ? 0 : quantile(counts, 0.5),
    most: counts[0] ?? 0,
    bins: bins.slice(0, used + 1),
    top: {patients: top, share: rows.length === 0 ? 0 : sum(counts.slice(0, top)) / rows.length},
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
