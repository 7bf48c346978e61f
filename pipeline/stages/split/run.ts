import {createHash} from 'node:crypto';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {type Diagnostic, fault} from '../../model/diagnostic.js';
import {FOLDS, type Fold} from '../../model/findings.js';
import type {JsonObject} from '../../model/json.js';
import {err, ok, type Result} from '../../model/result.js';
import type {StageContext, StageResult} from '../../model/stage-kind.js';
import {countOf} from '../../model/words.js';
import {toCsv} from '../csv.js';
import {type ImageRow, readMetadata} from '../dataset.js';
import {auditDocument, type FoldRow, findOverlaps, type Overlap} from './audit.js';
import {splitCard} from './card.js';
import {type ListedImage, readLists} from './lists.js';
import type {SplitParams} from './params.js';
import {dealPatients, type Fractions} from './seeded.js';

/** @returns How many images each fold has. */
export async function runSplit(context: StageContext): Promise<StageResult> {
  const given = context.params as unknown as SplitParams;
  const rows = readMetadata(context.need('dataset'));
  const dealt = given.method === 'seeded' ? deal(rows, given) : follow(rows, given);
  if (!dealt.ok) return err({reason: 'invalid-input', diagnostics: dealt.error});
  const {folds, listed} = dealt.value;
  const assigned = rows.flatMap((row) => {
    const fold = folds.get(row.image);
    return fold === undefined ? [] : [{row, fold}];
  });
  const members = assigned.map(({row, fold}): FoldRow => ({image: row.image, patient: row.patient, fold}));
  const overlaps = findOverlaps(members);
  const faults = judge(members, overlaps);
  if (faults.length > 0) return err({reason: 'invalid-input', diagnostics: faults});
  const csv = toCsv(
    ['image', 'patient', 'fold'],
    members.map((row) => [row.image, row.patient, row.fold]),
  );
  const digest = createHash('sha256').update(csv).digest('hex');
  const card = splitCard({method: given, digest, assigned, all: rows, listed});
  write(context.out, {'folds.csv': csv, 'card.json': card, 'audit.json': auditDocument(overlaps)});
  const counts = FOLDS.map((fold) => [fold, members.filter((row) => row.fold === fold).length]);
  return ok({...Object.fromEntries(counts), digest: digest.slice(0, 12)});
}

type Dealt = Readonly<{folds: ReadonlyMap<string, Fold>; listed: readonly ListedImage[] | null}>;

function deal(
  rows: readonly ImageRow[],
  given: Readonly<{seed: number; fractions: Fractions}>,
): Result<Dealt, readonly Diagnostic[]> {
  const patients = new Set(rows.map((row) => row.patient)).size;
  if (patients < FOLDS.length) {
    const message = `the data set has ${countOf(patients, 'patient')}: too few for three folds`;
    return err([fault(message, null, 'take more images, of three patients at least')]);
  }
  const folds = dealPatients(rows, given);
  return ok({folds: new Map(rows.map((row, index) => [row.image, folds[index]!])), listed: null});
}

function follow(
  rows: readonly ImageRow[],
  given: Readonly<Record<Fold, string>>,
): Result<Dealt, readonly Diagnostic[]> {
  const listed = readLists(given);
  if (!listed.ok) return listed;
  const folds = new Map(listed.value.map((image) => [image.image, image.fold]));
  if (rows.some((row) => folds.has(row.image))) return ok({folds, listed: listed.value});
  const message =
    `none of the ${countOf(rows.length, 'image')} of the data set is among the ` +
    `${countOf(folds.size, 'image')} of the lists`;
  return err([fault(message, null, 'do both belong to the same data set? images are matched by file name')]);
}

function judge(members: readonly FoldRow[], overlaps: readonly Overlap[]): readonly Diagnostic[] {
  const empty = FOLDS.filter((fold) => !members.some((row) => row.fold === fold)).map((fold) =>
    fault(`the fold "${fold}" is empty`, null, 'take more images, or other lists'),
  );
  const shared = overlaps
    .filter((overlap) => overlap.count > 0)
    .map(({of, folds, count, examples}) => {
      const what = `${countOf(count, of)} in both ${folds[0]} and ${folds[1]}: ${examples.join(', ')}`;
      const message = `${what}${count > examples.length ? ', …' : ''}`;
      return fault(message, null, `a ${of} in two folds makes the scores look better than they are`);
    });
  return [...empty, ...shared];
}

function write(out: string, files: Readonly<Record<string, string | JsonObject>>): void {
  for (const [name, content] of Object.entries(files)) {
    const text = typeof content === 'string' ? content : `${JSON.stringify(content, null, 2)}\n`;
    writeFileSync(join(out, name), text);
  }
}
