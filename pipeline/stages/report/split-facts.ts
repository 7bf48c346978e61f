import {createHash} from 'node:crypto';
import {join} from 'node:path';
import {z} from 'zod';
import type {AuditFact, SplitFacts} from '../../../reports/data-facts.js';
import type {Evaluation} from '../../model/evaluation.js';
import {FOLDS} from '../../model/findings.js';
import type {ArtifactRef} from '../../model/stage-kind.js';
import {formatCount, formatNumber} from '../../model/words.js';
import {ALL_IMAGES, describeImages} from '../data-card.js';
import type {ImageRow} from '../dataset.js';
import {described, groupFacts} from './data-facts.js';
import {readJson, readRecords} from './read.js';

/** Over the sorted names of the 22,433 images in the test list of the CheXNet re-implementations. */
const CHEXNET_TEST_IMAGES = 'bbe3774c320aeb699e89ffd8a7d9f4ce7d230b1c16f4c4b7e9a2862383b17ec2';

const method = z.discriminatedUnion('method', [
  z.object({method: z.literal('seeded'), seed: z.number(), fractions: z.array(z.number())}),
  z.object({method: z.literal('official'), seed: z.number(), val_fraction: z.number()}),
  z.object({method: z.literal('column'), column: z.string()}),
  z.object({method: z.literal('folds'), seed: z.number(), k: z.number(), test_part: z.number()}),
  z.object({method: z.literal('archives'), train: z.number()}),
  z.object({method: z.literal('lists')}),
  z.object({method: z.literal('chexnet')}),
]);

const splitCard = z.object({
  /** Which published division these folds are, as they are or in part. */
  published: z.enum(['chexnet', 'official']).nullish(),
  folds: z.record(z.string(), described),
  not_in_a_fold: z.number(),
  table_1: z.object({cells_equal: z.number().nullable(), of: z.number(), note: z.string()}).nullable(),
});

/** @param of - `rows`: what of the folds is in the data set; `evaluation`: null where nothing was scored. */
export function splitFacts(of: {
  folds: ArtifactRef;
  audit: ArtifactRef | null;
  rows: readonly ImageRow[];
  evaluation: Evaluation | null;
}): SplitFacts {
  const {folds, audit, rows, evaluation} = of;
  const file = join(folds.path, 'card.json');
  const [card, how] = [readJson(file, splitCard), readJson(file, method)];
  const foldOf = readFolds(folds);
  const scored = evaluation === null ? testImagesOf(foldOf) : scoredImages(evaluation);
  const published = card.published ?? (how.method === 'chexnet' ? 'chexnet' : null);
  const {table_1: table} = card;
  return {
    method:
      published === 'chexnet' && scored === CHEXNET_TEST_IMAGES
        ? 'chexnet-lists'
        : how.method === 'seeded'
          ? 'seeded'
          : 'other',
    description: describe(how, {published, sizes: FOLDS.map((fold) => card.folds[fold]?.images ?? 0)}),
    folds: FOLDS.flatMap((fold) => {
      const facts = card.folds[fold];
      if (facts === undefined || facts.images === 0) return [];
      const here = rows.filter(({image}) => foldOf.get(image) === fold);
      return [{fold, ...groupFacts(facts), here: groupFacts(described.parse(describeImages(here)))}];
    }),
    rowsInNoFold: card.not_in_a_fold,
    notInAFold: rows.filter(({image}) => !foldOf.has(image)).length,
    table1: table && {equal: table.cells_equal, of: table.of, note: table.note},
    audit: auditFacts(audit ?? folds),
  };
}

/** The fold of each image. */
function readFolds(folds: ArtifactRef): ReadonlyMap<string, string> {
  const records = readRecords(join(folds.path, 'folds.csv'));
  return new Map(records.map((record) => [record['image']!, record['fold']!]));
}

/** SHA-256 over the sorted names of the test images, a line each, as evaluations write it. */
function testImagesOf(foldOf: ReadonlyMap<string, string>): string {
  const names = [...foldOf].flatMap(([image, fold]) => (fold === 'test' ? [`${image}\n`] : []));
  return createHash('sha256').update(names.sort().join('')).digest('hex');
}

function scoredImages({folds}: Evaluation): string | null {
  return folds.find(({fold}) => fold === 'test')?.digests.images ?? null;
}

function describe(
  how: z.output<typeof method>,
  {published, sizes}: Readonly<{published: 'chexnet' | 'official' | null; sizes: readonly number[]}>,
): string {
  const percent = (share: number): string => `${formatNumber(Number((100 * share).toFixed(4)))}%`;
  if (published === 'chexnet')
    return sum(sizes) === ALL_IMAGES
      ? `the CheXNet lists (${sizes.map(formatCount).join(' / ')})`
      : 'the part of the CheXNet lists that is there';
  switch (how.method) {
    case 'seeded':
      return `seeded by patient, ${how.fractions.map(percent).join(' / ').replaceAll('% /', ' /')}, seed ${how.seed}`;
    case 'official': {
      const test = published === 'official' ? 'the publisher’s test part' : 'a test part that the user gave';
      return `${test}, ${percent(how.val_fraction)} of the rest for validation, seed ${how.seed}`;
    }
    case 'column':
      return `the column ${how.column} of a table that the user gave`;
    case 'folds':
      return `part ${how.test_part} of ${how.k} by patient as test fold (counted from 0), seed ${how.seed}`;
    case 'archives':
      return `the first ${how.train} of the publisher’s twelve archives for training`;
    case 'lists':
      return `lists that the user gave${published === 'official' ? ', with the publisher’s test part' : ''}`;
    case 'chexnet':
      throw new Error('Internal error: a split by the CheXNet lists that is none');
    default:
      return unreachable(how);
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function unreachable(how: never): never {
  throw new Error(`Internal error: no words for ${JSON.stringify(how)}`);
}

const auditFile = z.object({
  schema: z.literal('pipeline/audit/v1'),
  checks: z.array(
    z.object({
      name: z.string(),
      title: z.string(),
      status: z.enum(['passed', 'failed', 'accepted', 'noted', 'not-checked']),
      count: z.number(),
      of: z.number(),
      detail: z.string(),
      examples: z.array(z.string()),
      unit: z.string().optional(),
    }),
  ),
});

/** The audit with the checks that need images where it was made, else that of the split. */
function auditFacts(artifact: ArtifactRef): readonly AuditFact[] {
  const {checks} = readJson(join(artifact.path, 'audit.json'), auditFile);
  return checks.map(({unit, ...check}) => ({...check, unit: unit ?? null}));
}
