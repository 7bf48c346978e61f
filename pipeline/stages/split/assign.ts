import {type Diagnostic, fault} from '../../model/diagnostic.js';
import {FOLDS, type Fold} from '../../model/findings.js';
import {err, ok, type Result} from '../../model/result.js';
import type {ArtifactRef} from '../../model/stage-kind.js';
import {countOf} from '../../model/words.js';
import {ALL_IMAGES} from '../data-card.js';
import type {ImageRow} from '../dataset.js';
import {foldsOfArchives} from './archives.js';
import {readFoldColumn} from './column.js';
import {dealPatients} from './deal.js';
import {firstLabels, haveKnownLabels} from './first-labels.js';
import {type ListedImage, readLists} from './lists.js';
import type {ParamsOf, SplitParams} from './params.js';
import {publishedFolds} from './published.js';

/** Which fold each image is in, by its place in the metadata; null where no fold holds it. */
export type Assignment = Readonly<{
  folds: readonly (Fold | null)[];
  /** What imported lists say, also of images that the data set does not have. Null without lists. */
  listed: readonly ListedImage<Fold>[] | null;
  /** The images with the labels of the first release, where the published folds are those of its lists. */
  first: readonly ListedImage<Fold>[] | null;
  /** The part of each image, from 0, of a split for cross-validation. */
  parts: readonly number[] | null;
}>;

type Assigned = Result<Assignment, readonly Diagnostic[]>;
type Data = Readonly<{
  rows: readonly ImageRow[];
  dataset: ArtifactRef;
  /** Whether the images are those of ChestX-ray14. */
  known: boolean;
}>;

/** Puts images into folds by the method that the configuration names. */
export function assign(data: Data, given: SplitParams): Assigned {
  switch (given.method) {
    case 'seeded':
      return seeded(data, given);
    case 'lists':
      return lists(data, given);
    case 'chexnet':
      return chexnet(data);
    case 'official':
      return official(data, given);
    case 'column':
      return column(data, given);
    case 'folds':
      return crossValidation(data, given);
    case 'archives':
      return firstArchives(data, given);
  }
}

function seeded({rows}: Data, {seed, fractions}: ParamsOf<'seeded'>): Assigned {
  const tooFew = patientsWanted(rows, {wanted: FOLDS.length, for: 'three folds'});
  if (tooFew !== null) return err([tooFew]);
  return ok(onlyFolds(dealPatients(rows, {seed, fractions}).map((part) => FOLDS[part]!)));
}

function lists({rows}: Data, {train, val, test}: ParamsOf<'lists'>): Assigned {
  const listed = readLists({train, val, test});
  if (!listed.ok) return listed;
  const folds = new Map(listed.value.map(({image, part}) => [image, part]));
  const strange = noneKnown(rows, {names: folds, of: 'lists'});
  if (strange !== null) return err([strange]);
  return ok({...onlyFolds(foldsByName(rows, folds)), listed: listed.value});
}

function chexnet(data: Data): Assigned {
  const foreign = notChestXray14(data);
  if (foreign !== null) return err([foreign]);
  const {foldOf} = publishedFolds('chexnet');
  const folds = data.rows.map(({image}) => foldOf(image));
  return ok({...onlyFolds(folds), first: withFirstLabels(data, folds)});
}

/** Null unless the labels are those of a known release of the whole data set: of others nobody knows the first ones. */
function withFirstLabels(
  {rows, dataset}: Data,
  folds: readonly (Fold | null)[],
): readonly ListedImage<Fold>[] | null {
  if (rows.length !== ALL_IMAGES || folds.includes(null) || !haveKnownLabels(dataset)) return null;
  const findings = firstLabels(rows);
  return rows.map(({image}, row) => ({image, part: folds[row]!, findings: findings[row]!}));
}

/** The test part as published; whole patients of the rest are dealt to train and val. */
function official(data: Data, given: ParamsOf<'official'>): Assigned {
  const divided = officialParts(data, given);
  if (!divided.ok) return divided;
  const rest = data.rows.filter((_, row) => divided.value[row] === 'train');
  const tooFew = patientsWanted(rest, {wanted: 2, for: 'train and val', where: 'train_val'});
  if (tooFew !== null) return err([tooFew]);
  const {seed, val_fraction: val} = given;
  const dealt = dealPatients(rest, {seed, fractions: [1 - val, val]});
  let next = 0;
  return ok(onlyFolds(divided.value.map((fold) => (fold === 'train' ? FOLDS[dealt[next++]!]! : fold))));
}

/** `train` for train_val. */
function officialParts(
  data: Data,
  {train_val, test}: ParamsOf<'official'>,
): Result<readonly (Fold | null)[], readonly Diagnostic[]> {
  if (train_val === undefined || test === undefined) {
    const foreign = notChestXray14(data);
    if (foreign !== null) return err([foreign]);
    const {foldOf} = publishedFolds('official');
    return ok(data.rows.map(({image}) => foldOf(image)));
  }
  const listed = readLists({train: train_val, test});
  if (!listed.ok) return listed;
  const folds = new Map<string, Fold>(listed.value.map(({image, part}) => [image, part]));
  const strange = noneKnown(data.rows, {names: folds, of: 'lists'});
  return strange === null ? ok(foldsByName(data.rows, folds)) : err([strange]);
}

function column({rows}: Data, given: ParamsOf<'column'>): Assigned {
  const read = readFoldColumn(given);
  if (!read.ok) return read;
  const strange = noneKnown(rows, {names: read.value, of: 'CSV file'});
  return strange === null ? ok(onlyFolds(foldsByName(rows, read.value))) : err([strange]);
}

function crossValidation({rows}: Data, {k, test_part: test, seed}: ParamsOf<'folds'>): Assigned {
  const tooFew = patientsWanted(rows, {wanted: k, for: countOf(k, 'part')});
  if (tooFew !== null) return err([tooFew]);
  const parts = dealPatients(rows, {seed, fractions: Array.from({length: k}, () => 1 / k)});
  return ok({listed: null, first: null, parts, folds: parts.map((part) => foldOfPart(part, {k, test}))});
}

function firstArchives(data: Data, given: ParamsOf<'archives'>): Assigned {
  const foreign = notChestXray14(data);
  return foreign === null ? ok(onlyFolds(foldsOfArchives(data.rows, given))) : err([foreign]);
}

/** The part after the test part is val, the first one after the last. */
export function foldOfPart(part: number, {k, test}: Readonly<{k: number; test: number}>): Fold {
  if (part === test) return 'test';
  return part === (test + 1) % k ? 'val' : 'train';
}

function onlyFolds(folds: readonly (Fold | null)[]): Assignment {
  return {folds, listed: null, first: null, parts: null};
}

function foldsByName(rows: readonly ImageRow[], folds: ReadonlyMap<string, Fold>): readonly (Fold | null)[] {
  return rows.map(({image}) => folds.get(image) ?? null);
}

function patientsWanted(
  rows: readonly ImageRow[],
  wanted: Readonly<{wanted: number; for: string; where?: string}>,
): Diagnostic | null {
  const patients = new Set(rows.map((row) => row.patient)).size;
  if (patients >= wanted.wanted) return null;
  const has = `${wanted.where ?? 'the data set'} has ${countOf(patients, 'patient')}`;
  const hint = `take more images, of ${countOf(wanted.wanted, 'patient')} at least`;
  return fault(`${has}: too few for ${wanted.for}`, null, hint);
}

function noneKnown(
  rows: readonly ImageRow[],
  {names, of}: Readonly<{names: Readonly<{size: number; has(name: string): boolean}>; of: string}>,
): Diagnostic | null {
  if (rows.some(({image}) => names.has(image))) return null;
  const message =
    `none of the ${countOf(rows.length, 'image')} of the data set is among the ` +
    `${countOf(names.size, 'image')} of the ${of}`;
  return fault(message, null, 'do both belong to the same data set? images are matched by file name');
}

function notChestXray14({known}: Data): Diagnostic | null {
  if (known) return null;
  const message = 'the published folds are of ChestX-ray14, and these images are not';
  return fault(message, null, 'take method: seeded, or lists of your own');
}
