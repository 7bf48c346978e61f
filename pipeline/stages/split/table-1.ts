import {FINDINGS, type Finding, FOLDS, type Fold} from '../../model/findings.js';
import type {JsonObject} from '../../model/json.js';
import {countOf} from '../../model/words.js';

/** Per cent of the images with each finding in train, val and test: Table 1 published with the CheXNet lists. */
const TABLE_1: Readonly<Record<Finding, readonly [string, string, string]>> = {
  Atelectasis: ['10.2', '10.0', '10.8'],
  Cardiomegaly: ['2.5', '2.1', '2.6'],
  Effusion: ['11.8', '11.5', '12.3'],
  Infiltration: ['17.7', '18.0', '17.6'],
  Mass: ['5.1', '5.6', '5.1'],
  Nodule: ['5.6', '5.5', '6.0'],
  Pneumonia: ['1.2', '1.2', '1.1'],
  Pneumothorax: ['4.7', '4.5', '4.9'],
  Consolidation: ['4.2', '4.0', '4.3'],
  Edema: ['2.2', '1.8', '1.8'],
  Emphysema: ['2.3', '1.9', '2.3'],
  Fibrosis: ['1.5', '1.5', '1.6'],
  Pleural_Thickening: ['2.9', '3.3', '3.3'],
  Hernia: ['0.2', '0.4', '0.2'],
};

/** Cells of Table 1. */
export const CELLS = FINDINGS.length * FOLDS.length;

/** By fold: how many images, and how many with each finding. */
export type Counts = Readonly<
  Record<Fold, Readonly<{images: number; findings: (finding: Finding) => number}>>
>;

/** Cells that equal the published Table 1 after rounding to a tenth of a per cent. */
export function cellsEqual(counts: Counts): number {
  return FINDINGS.flatMap((finding) =>
    FOLDS.filter((fold, column) => {
      const {images, findings} = counts[fold];
      return ((100 * findings(finding)) / images).toFixed(1) === TABLE_1[finding][column];
    }),
  ).length;
}

type Compared = Readonly<{
  /** Cells equal with the labels in the lists or the first ones, null where there are none. */
  lists: number | null;
  /** What those are called. */
  labels: 'the labels of the lists' | 'the first labels';
  /** Cells equal with the labels of the metadata, null where images are missing. */
  metadata: number | null;
  /** Images whose labels differ between the two. */
  changed: number;
  /** Whether these are the folds that Table 1 was published for. */
  published: boolean;
}>;

/** What card.json says of Table 1. */
export function compareWithTable1(compared: Compared): JsonObject {
  const {lists, metadata} = compared;
  return {cells_equal: lists ?? metadata, of: CELLS, with_metadata_labels: metadata, note: note(compared)};
}

function note({lists, labels, metadata, changed, published}: Compared): string {
  const compared = [
    {equal: lists, of: labels},
    {equal: metadata, of: 'the labels of the metadata'},
  ];
  const counts = compared.flatMap(({equal, of}) =>
    equal === null ? [] : [`${equal} of ${CELLS} with ${of}`],
  );
  if (counts.length === 0)
    return 'Images are missing, so nothing can be compared with the published Table 1.';
  const equal = `Cells as in the published Table 1, rounded to 0.1 per cent: ${counts.join(', ')}.`;
  if (!published) return `${equal} It was published for other folds than these.`;
  if (metadata === null || metadata === CELLS) return equal;
  const how =
    lists === null ? '; the lists have the labels of that time' : `: ${countOf(changed, 'image')} differ`;
  return `${equal} The publisher has added labels since the lists were made${how}.`;
}
