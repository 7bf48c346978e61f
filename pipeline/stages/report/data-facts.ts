import {join} from 'node:path';
import {z} from 'zod';
import type {DataFacts, FoldFacts, ImageFacts} from '../../../reports/data-facts.js';
import {FINDINGS} from '../../model/findings.js';
import type {ArtifactRef} from '../../model/stage-kind.js';
import {countOf, formatBytes} from '../../model/words.js';
import {readJson, readRecords} from './read.js';

const EXAMPLES = 3;

const share = z.object({images: z.number(), percent: z.number()});

/** What data-card.json says of a whole data set and card.json of every fold. */
export const described = z.object({
  images: z.number(),
  patients: z.number(),
  findings: z.record(z.string(), share),
  no_finding: share,
  sex: z.object({F: share, M: share}),
  view: z.object({AP: share, PA: share}),
  age: z.object({lower_quartile: z.number(), median: z.number(), upper_quartile: z.number()}).partial(),
  images_per_patient: z.object({median: z.number(), most: z.number()}).partial(),
});

const dataCard = described.extend({
  source: z.looseObject({kind: z.string()}),
  of: z.number(),
  images_at_hand: z.number(),
  labels: z.object({state: z.string(), because: z.string()}),
  files: z.object({
    bytes: z.number(),
    modes: z.record(z.string(), z.number()),
    sizes: z.record(z.string(), z.number()),
    not_square: z.number(),
    interlaced: z.number(),
  }),
  credit: z.object({name: z.string(), link: z.string(), cite: z.string(), licence: z.string()}).nullable(),
  verification: z.object({
    missing: z.number(),
    extra: z.number(),
    unreadable: z.number(),
    duplicate_groups: z.number(),
  }),
  sources: z.array(
    z.object({kind: z.enum(['folder', 'archive', 'download']), name: z.string(), images: z.number()}),
  ),
  dropped: z.array(z.object({reason: z.string(), images: z.number()})),
  warnings: z.array(z.string()),
});

export type DataCard = z.output<typeof dataCard>;

export function readDataCard(dataset: ArtifactRef): DataCard {
  return readJson(join(dataset.path, 'data-card.json'), dataCard);
}

const LABEL_STATES: Readonly<Record<string, string>> = {
  A: 'A (first release of 2017)',
  B: 'B (corrected labels, old metadata)',
  C: 'C (release of 2020)',
  subset: 'not told apart (a subset)',
  unknown: 'unknown',
  synthetic: 'drawn with the images',
};

export function dataFacts(dataset: ArtifactRef): DataFacts {
  const card = readDataCard(dataset);
  const synthetic = dataset.uses === 'synthesize';
  const {state, because} = card.labels;
  const modes = Object.entries(card.files.modes).map(
    ([mode, count]) => `${countOf(count, 'image')} in mode ${mode}`,
  );
  return {
    origin: synthetic ? 'synthetic' : 'chestxray14',
    images: card.images,
    atHand: card.images_at_hand,
    patients: card.patients,
    whole: synthetic ? null : card.of,
    labels: {
      state: LABEL_STATES[state] ?? state,
      known: state !== 'subset' && state !== 'unknown',
      because,
    },
    credit: card.credit,
    remarks: [{name: 'Files', text: [formatBytes(card.files.bytes), ...modes].join(', ')}],
  };
}

export function foldFacts(fold: FoldFacts['fold'], facts: z.output<typeof described>): FoldFacts {
  const {age, images_per_patient: counts} = facts;
  const known =
    age.median !== undefined && age.lower_quartile !== undefined && age.upper_quartile !== undefined;
  return {
    fold,
    images: facts.images,
    patients: facts.patients,
    positives: FINDINGS.map((finding) => facts.findings[finding]?.images ?? 0),
    noFinding: facts.no_finding.images,
    femaleShare: facts.sex.F.images / facts.images,
    apShare: facts.view.AP.images / facts.images,
    age: known
      ? {lowerQuartile: age.lower_quartile!, median: age.median!, upperQuartile: age.upper_quartile!}
      : null,
    imagesPerPatient: {median: counts.median ?? 0, most: counts.most ?? 0},
  };
}

const imagesSummary = z.object({
  summary: z.object({images: z.number(), quarantined: z.number(), size: z.number()}),
});

export function imageFacts(images: ArtifactRef): ImageFacts {
  const {summary} = readJson(join(images.path, 'stage.json'), imagesSummary);
  const quarantine = readRecords(join(images.path, 'quarantine.csv'));
  return {
    count: summary.images,
    size: summary.size,
    quarantined: summary.quarantined,
    examples: quarantine
      .slice(0, EXAMPLES)
      .map((record) => ({image: record['image']!, reason: record['reason'] ?? ''})),
  };
}
