import {join} from 'node:path';
import {z} from 'zod';
import type {DataFacts, GroupFacts, ImageFacts} from '../../../reports/data-facts.js';
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
  co_occurrence: z.array(z.array(z.number())),
  metadata: z.looseObject({rows: z.number()}).optional(),
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
  other: 'as its tables give them',
};

export function dataFacts(dataset: ArtifactRef): DataFacts {
  const card = readDataCard(dataset);
  const origin = dataset.uses === 'synthesize' ? 'synthetic' : card.credit === null ? 'other' : 'chestxray14';
  const {state} = card.labels;
  const modes = Object.entries(card.files.modes).map(
    ([mode, count]) => `${countOf(count, 'image')} in mode ${mode}`,
  );
  return {
    origin,
    images: card.images,
    atHand: card.images_at_hand,
    patients: card.patients,
    sources: sourceFacts(card, origin),
    whole: origin === 'chestxray14' ? card.of : null,
    labels: {
      state: LABEL_STATES[state] ?? state,
      known: state !== 'subset' && state !== 'unknown',
      because: whyThisState(card),
    },
    credit: card.credit,
    remarks: [{name: 'Files', text: [formatBytes(card.files.bytes), ...modes].join(', ')}],
  };
}

function sourceFacts(card: DataCard, origin: DataFacts['origin']): DataFacts['sources'] {
  return origin === 'synthetic'
    ? [{kind: 'drawn', name: 'images', images: card.images_at_hand}]
    : card.sources;
}

/** The state is that of the whole metadata, of which the data set may hold a few rows. */
function whyThisState({labels: {because}, metadata, images}: DataCard): string {
  const rows = metadata?.rows ?? images;
  return rows === images ? because : `${because} (in the whole metadata of ${countOf(rows, 'row')})`;
}

/** A group of images as `described` gives it. */
export function groupFacts(facts: z.output<typeof described>): GroupFacts {
  const {age, images_per_patient: counts} = facts;
  const known =
    age.median !== undefined && age.lower_quartile !== undefined && age.upper_quartile !== undefined;
  const shareOf = (images: number): number | null => (facts.images === 0 ? null : images / facts.images);
  return {
    images: facts.images,
    patients: facts.patients,
    positives: FINDINGS.map((finding) => facts.findings[finding]?.images ?? 0),
    noFinding: facts.no_finding.images,
    femaleShare: shareOf(facts.sex.F.images),
    apShare: shareOf(facts.view.AP.images),
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
