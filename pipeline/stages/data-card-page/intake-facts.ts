import {existsSync} from 'node:fs';
import {join} from 'node:path';
import type {AdjudicatedFacts, IntakeFacts, ListFacts} from '../../../reports/card-facts.js';
import type {Finding} from '../../model/findings.js';
import type {ArtifactRef} from '../../model/stage-kind.js';
import type {ImageRow} from '../dataset.js';
import {type DataCard, readDataCard} from '../report/data-facts.js';
import {readRecords} from '../report/read.js';

const EXAMPLES = 3;

/** Reasons for dropping that have a list of their own. */
const LISTED: ReadonlySet<string> = new Set([
  'no image at hand',
  'not in the metadata',
  'refused because of what or where it is',
]);

/** Sizes with a row of their own; the others are counted together. */
const SIZES = 5;

/** What came into a data set and what was left out of it, from its card and its lists. */
export function intakeFacts(dataset: ArtifactRef): IntakeFacts {
  const card = readDataCard(dataset);
  const list = (file: string, words: (record: Readonly<Record<string, string>>) => string): ListFacts => {
    const path = join(dataset.path, file);
    // A data set that was drawn has nothing to miss.
    const records = existsSync(path) ? readRecords(path) : [];
    return {file, count: records.length, examples: records.slice(0, EXAMPLES).map(words)};
  };
  return {
    missing: list('missing.csv', ({image}) => image!),
    extra: list('extra.csv', ({path, image}) => path || image!),
    unreadable: list('unreadable.csv', ({path, reason}) => `${path} ${reason}`),
    refused: list('refused.csv', ({archive, path, reason}) =>
      [archive!, path!, reason!].filter((part) => part !== '').join(' '),
    ),
    duplicates: list('duplicates.csv', ({image, images}) => [image!, ...images!.split('|')].join(' = ')),
    dropped: card.dropped.filter(({reason}) => !LISTED.has(reason)),
    warnings: card.warnings,
    files: fileFacts(card),
  };
}

function fileFacts({files}: DataCard): IntakeFacts['files'] {
  const sizes = Object.entries(files.sizes).map(([size, images]) => {
    const [width, height] = size.split('x').map(Number);
    return {width: width!, height: height!, images};
  });
  const known = sizes.filter(({width}) => Number.isFinite(width));
  return {
    bytes: files.bytes,
    modes: Object.entries(files.modes).map(([mode, images]) => ({mode, images})),
    sizes: known.slice(0, SIZES),
    others: known.slice(SIZES).reduce((sum, {images}) => sum + images, 0),
    notSquare: files.not_square,
    interlaced: files.interlaced,
  };
}

/** Columns of adjudicated.csv and the findings that stand for them, as Majkowska et al. 2020 compare them. */
const COMPARED: readonly Readonly<{column: string; label: string; findings: readonly Finding[]}>[] = [
  {column: 'pneumothorax', label: 'Pneumothorax', findings: ['Pneumothorax']},
  {column: 'nodule_or_mass', label: 'Nodule or mass', findings: ['Nodule', 'Mass']},
  {
    column: 'airspace_opacity',
    label: 'Airspace opacity',
    findings: ['Atelectasis', 'Infiltration', 'Pneumonia', 'Consolidation', 'Edema'],
  },
];

/** The labels of a data set against those of radiologists; null where it came without them. */
export function adjudicatedFacts(dataset: ArtifactRef, rows: readonly ImageRow[]): AdjudicatedFacts | null {
  const file = join(dataset.path, 'adjudicated.csv');
  if (!existsSync(file)) return null;
  const rowOf = new Map(rows.map((row) => [row.image, row]));
  const pairs = readRecords(file).flatMap((record) => {
    const row = rowOf.get(record['image']!);
    return row === undefined ? [] : [{row, record}];
  });
  const labels = COMPARED.map(({column, label, findings}) => {
    const count = (here: boolean, there: boolean): number =>
      pairs.filter(
        ({row, record}) =>
          findings.some((finding) => row.findings.includes(finding)) === here &&
          (record[column] === 'yes') === there,
      ).length;
    return {
      ...{label, findings},
      ...{both: count(true, true), onlyHere: count(true, false)},
      ...{onlyThere: count(false, true), neither: count(false, false)},
    };
  });
  return {images: pairs.length, labels};
}
