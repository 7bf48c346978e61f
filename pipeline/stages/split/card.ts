import {FINDINGS, type Finding, FOLDS, type Fold} from '../../model/findings.js';
import type {JsonObject} from '../../model/json.js';
import {describeImages, shareOf} from '../data-card.js';
import type {ImageRow} from '../dataset.js';
import type {ListedImage} from './lists.js';

type Assigned = Readonly<{row: ImageRow; fold: Fold}>;

/**
 * card.json, the "Table 1" of a split: per fold images, patients, images with each finding and their percentage, sex,
 * view and age. When lists with labels were imported it has these labels' table too, since labels were corrected later:
 * the published Table 1 is that of the lists.
 */
export function splitCard(
  facts: Readonly<{
    method: Readonly<{method: string; seed?: number; fractions?: readonly number[]}>;
    /** SHA-256 of folds.csv. */
    digest: string;
    assigned: readonly Assigned[];
    all: readonly ImageRow[];
    listed: readonly ListedImage[] | null;
  }>,
): JsonObject {
  const {method, digest, assigned, all, listed} = facts;
  const rowsOf = (fold: Fold): readonly ImageRow[] =>
    assigned.filter((image) => image.fold === fold).map(({row}) => row);
  const folds = Object.fromEntries(FOLDS.map((fold) => [fold, describeImages(rowsOf(fold))]));
  const whole = describeImages(assigned.map(({row}) => row));
  return {
    schema: 'pipeline/split-card/v1',
    method: method.method,
    ...(method.seed === undefined ? {} : {seed: method.seed}),
    ...(method.fractions === undefined ? {} : {fractions: [...method.fractions]}),
    digest,
    folds,
    all: whole,
    worst_deviation: worstDeviation(folds, whole),
    not_in_a_fold: all.length - assigned.length,
    lists: listed === null ? null : describeLists(listed, assigned),
  };
}

/** The finding and fold whose percentage is farthest from that of all images. */
function worstDeviation(folds: Readonly<Record<string, JsonObject>>, whole: JsonObject): JsonObject {
  const percent = (part: JsonObject, finding: Finding): number =>
    (part['findings'] as Record<Finding, {percent: number}>)[finding].percent;
  const deviations = FOLDS.flatMap((fold) =>
    FINDINGS.map((finding) => {
      const points = Math.abs(percent(folds[fold]!, finding) - percent(whole, finding));
      return {fold, finding, percentage_points: Number(points.toFixed(4))};
    }),
  );
  return deviations.reduce((worst, next) =>
    next.percentage_points > worst.percentage_points ? next : worst,
  );
}

function describeLists(listed: readonly ListedImage[], assigned: readonly Assigned[]): JsonObject {
  const present = new Map(assigned.map(({row}) => [row.image, row]));
  const differing = listed.filter(({image, findings}) => {
    const row = present.get(image);
    return row !== undefined && findings !== null && findings.join('|') !== row.findings.join('|');
  });
  const parts = FOLDS.map((fold) => {
    const images = listed.filter((image) => image.fold === fold);
    return [fold, describeList(images, images.filter(({image}) => present.has(image)).length)];
  });
  return {...Object.fromEntries(parts), labels_unlike_the_metadata: differing.length};
}

function describeList(images: readonly ListedImage[], present: number): JsonObject {
  const labelled = images.flatMap(({findings}) => (findings === null ? [] : [findings]));
  const absent = images.length - present;
  if (labelled.length === 0) return {images: images.length, not_in_the_data_set: absent};
  const share = (has: (set: readonly Finding[]) => boolean): JsonObject =>
    shareOf(labelled.filter(has).length, labelled.length);
  return {
    images: images.length,
    not_in_the_data_set: absent,
    findings: Object.fromEntries(FINDINGS.map((name) => [name, share((set) => set.includes(name))])),
    no_finding: share((set) => set.length === 0),
  };
}
