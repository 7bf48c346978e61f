import {FINDINGS, type Finding, FOLDS, type Fold} from '../../model/findings.js';
import type {Json, JsonObject} from '../../model/json.js';
import {ALL_IMAGES, describeImages, type LabelState, shareOf} from '../data-card.js';
import type {ImageRow} from '../dataset.js';
import {type Assignment, foldOfPart} from './assign.js';
import type {ListedImage} from './lists.js';
import type {SplitParams} from './params.js';
import {publishedDivision, publishedFolds} from './published.js';
import {cellsEqual, compareWithTable1} from './table-1.js';

export type CardFacts = Readonly<{
  given: SplitParams;
  /** Whether the images are those of ChestX-ray14. */
  known: boolean;
  /** SHA-256 of folds.csv. */
  digest: string;
  /** Of the data set. */
  labels: LabelState;
  rows: readonly ImageRow[];
  assignment: Assignment;
  /** How many patients and images are in more than one fold. */
  overlaps: Readonly<{patients: number; images: number}>;
}>;

/**
 * card.json, the "Table 1" of a split: per fold (and per part, for cross-validation) images, patients, images with each
 * finding and their percentage, sex, view and age. When lists with labels were imported, or the first labels are known, it
 * has the table of these labels too, since labels were corrected later: the published Table 1 is that of the first ones.
 */
export function splitCard(facts: CardFacts): JsonObject {
  const {given, known, digest, labels, rows, assignment, overlaps} = facts;
  const inFold = (fold: Fold): readonly ImageRow[] => rows.filter((_, row) => assignment.folds[row] === fold);
  const folds = Object.fromEntries(FOLDS.map((fold) => [fold, describeImages(inFold(fold))]));
  const members = rows.filter((_, row) => assignment.folds[row] !== null);
  const whole = describeImages(members);
  const describe = (listed: readonly ListedImage<Fold>[] | null): JsonObject | null =>
    listed === null ? null : describeLists(listed, members);
  const [lists, first] = [describe(assignment.listed), describe(assignment.first)];
  return {
    schema: 'pipeline/split-card/v1',
    ...methodFacts(given),
    published: known ? publishedDivision(rows, assignment.folds) : null,
    digest,
    labels: {...labels},
    folds,
    all: whole,
    worst_deviation: worstDeviation(folds, whole),
    ...describeParts(facts, whole),
    not_in_a_fold: rows.length - members.length,
    overlaps,
    lists,
    first_labels: first,
    table_1: table1(facts, {folds, lists: lists ?? first}),
  };
}

/** The parameters that decide the folds; files have their digests in the fingerprint. */
function methodFacts(given: SplitParams): JsonObject {
  switch (given.method) {
    case 'seeded':
      return {method: given.method, seed: given.seed, fractions: [...given.fractions]};
    case 'official':
      return {method: given.method, seed: given.seed, val_fraction: given.val_fraction};
    case 'column':
      return {method: given.method, column: given.column};
    case 'folds':
      return {method: given.method, seed: given.seed, k: given.k, test_part: given.test_part};
    case 'archives':
      return {method: given.method, train: given.train, held_out: given.held_out};
    default:
      return {method: given.method};
  }
}

/** The finding and fold or part whose percentage is farthest from that of all images. */
function worstDeviation(groups: Readonly<Record<string, JsonObject>>, whole: JsonObject): JsonObject {
  const percent = (group: JsonObject, finding: Finding): number =>
    (group['findings'] as Record<Finding, {percent: number}>)[finding].percent;
  const deviations = Object.entries(groups).flatMap(([fold, group]) =>
    FINDINGS.map((finding) => {
      const points = Math.abs(percent(group, finding) - percent(whole, finding));
      return {fold, finding, percentage_points: Number(points.toFixed(4))};
    }),
  );
  return deviations.reduce((worst, next) =>
    next.percentage_points > worst.percentage_points ? next : worst,
  );
}

function describeParts({given, rows, assignment}: CardFacts, whole: JsonObject): JsonObject {
  if (given.method !== 'folds') return {};
  const parts = Array.from({length: given.k}, (_, part): JsonObject => {
    const members = rows.filter((_, row) => assignment.parts?.[row] === part);
    const fold = foldOfPart(part, {k: given.k, test: given.test_part});
    return {part, fold, ...describeImages(members)};
  });
  const {fold: part, ...worst} = worstDeviation(Object.fromEntries(parts.entries()), whole);
  return {parts, worst_part_deviation: {part: Number(part), ...worst}};
}

function describeLists(listed: readonly ListedImage<Fold>[], members: readonly ImageRow[]): JsonObject {
  const present = new Map(members.map((row) => [row.image, row]));
  const differing = listed.filter(({image, findings}) => {
    const row = present.get(image);
    return row !== undefined && findings !== null && !areSame(findings, row.findings);
  });
  const parts = FOLDS.map((fold) => {
    const images = listed.filter(({part}) => part === fold);
    const absent = images.reduce((count, {image}) => count + (present.has(image) ? 0 : 1), 0);
    return [fold, describeList(images, absent)];
  });
  return {...Object.fromEntries(parts), labels_unlike_the_metadata: differing.length};
}

/** Both are in the order of FINDINGS. */
function areSame(one: readonly Finding[], other: readonly Finding[]): boolean {
  if (one === other) return true;
  return one.length === other.length && one.every((finding, place) => finding === other[place]);
}

function describeList(images: readonly ListedImage<Fold>[], absent: number): JsonObject {
  const counts = new Map<Finding, number>(FINDINGS.map((name) => [name, 0]));
  let [labelled, none] = [0, 0];
  for (const {findings} of images) {
    if (findings === null) continue;
    labelled++;
    if (findings.length === 0) none++;
    for (const finding of findings) counts.set(finding, counts.get(finding)! + 1);
  }
  if (labelled === 0) return {images: images.length, not_in_the_data_set: absent};
  return {
    images: images.length,
    not_in_the_data_set: absent,
    findings: Object.fromEntries([...counts].map(([name, count]) => [name, shareOf(count, labelled)])),
    no_finding: shareOf(none, labelled),
  };
}

type Described = Readonly<{images: number; findings?: Readonly<Record<string, {images: number}>>}>;

/** Null for folds of another origin: they have no reason to be like those of Table 1. */
function table1(
  {given, assignment: {listed, first}}: CardFacts,
  {folds, lists}: Readonly<{folds: JsonObject; lists: JsonObject | null}>,
): Json {
  if (given.method !== 'lists' && given.method !== 'chexnet') return null;
  const described = [folds, lists ?? {}].map((groups) => {
    const counts = FOLDS.map((fold) => [fold, groups[fold] as unknown as Described | undefined] as const);
    const complete = counts.every(([, group]) => group?.findings !== undefined);
    if (!complete) return null;
    const group = (name: Fold): Described => counts.find(([fold]) => fold === name)![1]!;
    const of = (fold: Fold) => ({
      images: group(fold).images,
      findings: (finding: Finding): number => group(fold).findings![finding]!.images,
    });
    return {train: of('train'), val: of('val'), test: of('test')};
  });
  const [metadata, imported] = described;
  const {foldOf} = publishedFolds('chexnet');
  const images = FOLDS.reduce((sum, fold) => sum + (metadata?.[fold].images ?? 0), 0);
  return compareWithTable1({
    lists: imported == null ? null : cellsEqual(imported),
    labels: first === null ? 'the labels of the lists' : 'the first labels',
    metadata: metadata == null || images < ALL_IMAGES ? null : cellsEqual(metadata),
    changed: Number(lists?.['labels_unlike_the_metadata'] ?? 0),
    published:
      listed === null ||
      (listed.length === ALL_IMAGES && listed.every(({image, part}) => foldOf(image) === part)),
  });
}
