import {basename} from 'node:path';
import type {JsonObject} from '../../model/json.js';
import {
  ALL_IMAGES,
  CITATION,
  countTogether,
  describeBoxes,
  describeFiles,
  describeImages,
} from '../data-card.js';
import type {BoxRow, ImageRow} from '../dataset.js';
import {areNamedAsChestXray14} from '../image-name.js';
import type {AdjudicatedRow} from './adjudicated.js';
import type {Candidate, Contents} from './candidate.js';
import type {Gathered} from './gather.js';
import {detectLabelState} from './label-state.js';
import type {Verification} from './lists.js';
import type {AcquireParams} from './params.js';
import type {Source} from './sources.js';
import type {Tables} from './tables.js';

export type CardFacts = Readonly<{
  given: AcquireParams;
  tables: Tables;
  sources: readonly Source[];
  gathered: Gathered;
  rows: readonly ImageRow[];
  boxes: readonly BoxRow[];
  adjudicated: readonly AdjudicatedRow[] | null;
  inventory: readonly Candidate[];
  copies: readonly Candidate[];
  verification: Verification;
  warnings: readonly string[];
}>;

/** The facts about the data set that go into data-card.json. No path in it: what it says is the same on every machine. */
export function describeDataset(facts: CardFacts): JsonObject {
  const {given, tables, rows, boxes, adjudicated, inventory, verification} = facts;
  const interlaced = inventory.filter((file) => file.interlaced).length;
  const published = areNamedAsChestXray14(tables.metadata.rows);
  return {
    source: {
      kind: 'acquire',
      metadata: basename(given.metadata),
      boxes: given.boxes === undefined ? null : basename(given.boxes),
      adjudicated: given.adjudicated === undefined ? null : basename(given.adjudicated),
    },
    of: published ? ALL_IMAGES : tables.metadata.rows.length,
    labels: published ? detectLabelState(tables.metadata.rows) : OTHER_LABELS,
    ...describeImages(rows),
    images_at_hand: inventory.length,
    co_occurrence: countTogether(rows),
    boxes: {...describeBoxes(boxes), of: tables.boxes?.length ?? 0},
    adjudicated: adjudicated === null ? null : {images: adjudicated.length, of: tables.adjudicated!.length},
    files: describeFiles(inventory, interlaced),
    metadata: {
      rows: tables.metadata.rows.length,
      ages_left_out: tables.metadata.agesLeftOut.count,
      rows_without_image: verification.missing,
      images_without_row: verification.extra,
    },
    verification,
    sources: describeSources(facts),
    dropped: describeDropped(facts),
    warnings: facts.warnings,
    credit: published ? CITATION : null,
  };
}

/** Labels that no release of ChestX-ray14 is compared with. */
const OTHER_LABELS = {state: 'other', because: 'the images are not named as those of ChestX-ray14'} as const;

/** How many images each folder and each archive gave. */
function describeSources({sources, gathered, inventory}: CardFacts): JsonObject[] {
  const used = new Set(inventory);
  const count = ({candidates}: Contents): number => candidates.filter((file) => used.has(file)).length;
  return sources.flatMap(({root, kind, name}) => {
    const plain = inventory.filter((file) => file.root === root && file.archive === '').length;
    const archives = gathered.archives.filter(({archive}) => archive.root === root);
    const folder = kind === 'folder' && (plain > 0 || archives.length === 0);
    return [
      ...(folder ? [{kind, name, images: plain}] : []),
      ...archives.map(({archive, contents}) => ({
        kind: kind === 'download' ? kind : 'archive',
        name: basename(archive.archive),
        images: count(contents),
      })),
    ];
  });
}

/** Why rows and files are not in the data set. */
function describeDropped({rows, tables, gathered, copies, verification}: CardFacts): JsonObject[] {
  const refused = gathered.contents.reduce((sum, contents) => sum + contents.refused.length, 0);
  return [
    {reason: 'no image at hand', images: tables.metadata.rows.length - rows.length},
    {reason: 'not in the metadata', images: verification.extra},
    {reason: 'copy of an image from another place', images: copies.length},
    {reason: 'refused because of what or where it is', images: refused},
  ].filter(({images}) => images > 0);
}
