import {join} from 'node:path';
import {z} from 'zod';
import type {AuditFact, DataFacts, FoldFacts, ImageFacts, SplitFacts} from '../../../reports/facts.js';
import type {Evaluation} from '../../model/evaluation.js';
import {FINDINGS, FOLDS} from '../../model/findings.js';
import type {ArtifactRef} from '../../model/stage-kind.js';
import {countOf, formatBytes, formatCount, formatNumber} from '../../model/words.js';
import {readCsv} from '../csv.js';
import {readJson} from './read.js';

/** Over the sorted names of the 22,433 images in the test list of the CheXNet re-implementations. */
const CHEXNET_TEST_IMAGES = 'bbe3774c320aeb699e89ffd8a7d9f4ce7d230b1c16f4c4b7e9a2862383b17ec2';

const EXAMPLES = 3;

const share = z.object({images: z.number(), percent: z.number()});

/** What data-card.json says of a whole data set and card.json of every fold. */
const described = z.object({
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
  labels: z.object({state: z.string(), because: z.string()}),
  files: z.object({bytes: z.number(), modes: z.record(z.string(), z.number())}),
  credit: z.object({name: z.string(), link: z.string(), cite: z.string(), licence: z.string()}).nullable(),
});

const LABEL_STATES: Readonly<Record<string, string>> = {
  A: 'A (first release of 2017)',
  B: 'B (corrected labels, old metadata)',
  C: 'C (release of 2020)',
  subset: 'not told apart (a subset)',
  unknown: 'unknown',
  synthetic: 'drawn with the images',
};

export function dataFacts(dataset: ArtifactRef): DataFacts {
  const card = readJson(join(dataset.path, 'data-card.json'), dataCard);
  const synthetic = dataset.uses === 'synthesize';
  const {state, because} = card.labels;
  const modes = Object.entries(card.files.modes).map(
    ([mode, count]) => `${countOf(count, 'image')} in mode ${mode}`,
  );
  return {
    origin: synthetic ? 'synthetic' : 'chestxray14',
    images: card.images,
    patients: card.patients,
    whole: synthetic ? null : card.of,
    labels: {state: LABEL_STATES[state] ?? state, because},
    credit: card.credit,
    remarks: [{name: 'Files', text: `${formatBytes(card.files.bytes)} of PNG; ${modes.join(', ')}`}],
  };
}

const splitCard = z.object({
  method: z.string(),
  seed: z.number().optional(),
  fractions: z.array(z.number()).optional(),
  folds: z.record(z.string(), described),
  not_in_a_fold: z.number(),
});

const auditFile = z.object({
  checks: z.array(z.object({check: z.string(), pass: z.boolean(), shared: z.number()})),
});

export function splitFacts(folds: ArtifactRef, evaluation: Evaluation): SplitFacts {
  const card = readJson(join(folds.path, 'card.json'), splitCard);
  const {checks} = readJson(join(folds.path, 'audit.json'), auditFile);
  const test = evaluation.folds.find((fold) => fold.fold === 'test');
  const chexnet = test?.digests.images === CHEXNET_TEST_IMAGES;
  const sizes = FOLDS.map((fold) => card.folds[fold]?.images ?? 0);
  const shares = (card.fractions ?? []).map((fraction) => formatNumber(Number((100 * fraction).toFixed(4))));
  return {
    method: chexnet ? 'chexnet-lists' : card.method === 'seeded' ? 'seeded' : 'other',
    description: chexnet
      ? `the CheXNet lists (${sizes.map(formatCount).join(' / ')})`
      : card.method === 'seeded'
        ? `seeded by patient, ${shares.join(' / ')}%, seed ${card.seed}`
        : 'lists that the user gave',
    folds: FOLDS.flatMap((fold) => {
      const facts = card.folds[fold];
      return facts === undefined || facts.images === 0 ? [] : [foldFacts(fold, facts)];
    }),
    notInAFold: card.not_in_a_fold,
    audit: (['patient', 'image'] as const).flatMap((of) => auditFact(of, checks)),
  };
}

function foldFacts(fold: FoldFacts['fold'], facts: z.output<typeof described>): FoldFacts {
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

/** The comparisons of two folds each, as one: `no patient in both train and val` and so on. */
function auditFact(of: 'patient' | 'image', checks: z.output<typeof auditFile>['checks']): AuditFact[] {
  const pairs = checks.filter(({check}) => check.startsWith(`no ${of} in both `));
  if (pairs.length === 0) return [];
  return [
    {
      check: of === 'patient' ? 'Patients in more than one fold' : 'Images in more than one fold',
      count: pairs.reduce((sum, pair) => sum + pair.shared, 0),
      passed: pairs.every((pair) => pair.pass),
      detail: `${pairs.map(({check, shared}) => `${check.replace(`no ${of} in both `, '')}: ${shared}`).join('; ')}.`,
    },
  ];
}

const imagesSummary = z.object({
  summary: z.object({images: z.number(), quarantined: z.number(), size: z.number()}),
});

export function imageFacts(images: ArtifactRef): ImageFacts {
  const {summary} = readJson(join(images.path, 'stage.json'), imagesSummary);
  const quarantine = readCsv(join(images.path, 'quarantine.csv'));
  if (!quarantine.ok) throw new Error(`Internal error: quarantine.csv: ${quarantine.error.message}`);
  return {
    count: summary.images,
    size: summary.size,
    quarantined: summary.quarantined,
    examples: quarantine.value.rows
      .slice(0, EXAMPLES)
      .map(({cells}) => ({image: cells[0]!, reason: cells[1] ?? ''})),
  };
}
