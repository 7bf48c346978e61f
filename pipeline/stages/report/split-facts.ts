import {createHash} from 'node:crypto';
import {join} from 'node:path';
import {z} from 'zod';
import type {AuditFact, SplitFacts} from '../../../reports/data-facts.js';
import {FOLDS} from '../../model/findings.js';
import type {ArtifactRef} from '../../model/stage-kind.js';
import {formatCount, formatNumber} from '../../model/words.js';
import {described, foldFacts} from './data-facts.js';
import {readJson, readRecords} from './read.js';

/** Over the sorted names of the 22,433 images in the test list of the CheXNet re-implementations. */
const CHEXNET_TEST_IMAGES = 'bbe3774c320aeb699e89ffd8a7d9f4ce7d230b1c16f4c4b7e9a2862383b17ec2';

const method = z.discriminatedUnion('method', [
  z.object({method: z.literal('seeded'), seed: z.number(), fractions: z.array(z.number())}),
  z.object({method: z.literal('official'), seed: z.number(), val_fraction: z.number()}),
  z.object({method: z.literal('column'), column: z.string()}),
  z.object({method: z.literal('folds'), seed: z.number(), k: z.number(), test_part: z.number()}),
  z.object({method: z.literal('lists')}),
  z.object({method: z.literal('chexnet')}),
]);

const splitCard = z.object({
  folds: z.record(z.string(), described),
  not_in_a_fold: z.number(),
  table_1: z.object({cells_equal: z.number().nullable(), of: z.number(), note: z.string()}).nullable(),
});

/** @param of - `testImages`: digest over the sorted names of the test images that count, as evaluations write it. */
export function splitFacts(of: {
  folds: ArtifactRef;
  audit: ArtifactRef | null;
  testImages: string | null;
}): SplitFacts {
  const file = join(of.folds.path, 'card.json');
  const [card, how] = [readJson(file, splitCard), readJson(file, method)];
  const chexnet = of.testImages === CHEXNET_TEST_IMAGES;
  const sizes = FOLDS.map((fold) => card.folds[fold]?.images ?? 0);
  const {table_1: table} = card;
  return {
    method: chexnet ? 'chexnet-lists' : how.method === 'seeded' ? 'seeded' : 'other',
    description: chexnet ? `the CheXNet lists (${sizes.map(formatCount).join(' / ')})` : describe(how),
    folds: FOLDS.flatMap((fold) => {
      const facts = card.folds[fold];
      return facts === undefined || facts.images === 0 ? [] : [foldFacts(fold, facts)];
    }),
    notInAFold: card.not_in_a_fold,
    table1: table && {equal: table.cells_equal, of: table.of, note: table.note},
    audit: auditFacts(of.audit ?? of.folds),
  };
}

function describe(how: z.output<typeof method>): string {
  const percent = (share: number): string => `${formatNumber(Number((100 * share).toFixed(4)))}%`;
  switch (how.method) {
    case 'seeded':
      return `seeded by patient, ${how.fractions.map(percent).join(' / ').replaceAll('% /', ' /')}, seed ${how.seed}`;
    case 'official':
      return `the publisher’s test part, ${percent(how.val_fraction)} of the rest for validation, seed ${how.seed}`;
    case 'column':
      return `the column ${how.column} of a table that the user gave`;
    case 'folds':
      return `part ${how.test_part} of ${how.k} by patient as test fold (counted from 0), seed ${how.seed}`;
    case 'lists':
      return 'lists that the user gave';
    case 'chexnet':
      return 'the part of the CheXNet lists that is there';
    default:
      return unreachable(how);
  }
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
    }),
  ),
});

/** The audit with the checks that need images where it was made, else that of the split. */
function auditFacts(artifact: ArtifactRef): readonly AuditFact[] {
  return readJson(join(artifact.path, 'audit.json'), auditFile).checks;
}

/** SHA-256 over the sorted names of the test images, a line each, as evaluations write it. */
export function testImagesOf(folds: ArtifactRef): string {
  const names = readRecords(join(folds.path, 'folds.csv'))
    .filter((record) => record['fold'] === 'test')
    .map((record) => `${record['image']}\n`);
  return createHash('sha256').update(names.sort().join('')).digest('hex');
}
