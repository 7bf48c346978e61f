import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {toCsv} from '../csv.js';
import type {ImageRow} from '../dataset.js';
import type {AdjudicatedRow} from './adjudicated.js';
import type {Candidate, Extra, Refused} from './candidate.js';
import {placeOf} from './pick.js';
import {nameOf, type Source} from './sources.js';

export type Verified = Readonly<{
  missing: readonly ImageRow[];
  extras: readonly Extra[];
  refused: readonly Refused[];
  inventory: readonly Candidate[];
  sources: readonly Source[];
}>;

export type Verification = Readonly<{
  missing: number;
  extra: number;
  unreadable: number;
  duplicate_groups: number;
}>;

/**
 * Writes what is not as it should be, so that nothing is dropped unsaid: missing.csv (rows without an image), extra.csv
 * (images without a row), unreadable.csv (what does not begin as an image), refused.csv (what is not looked at) and
 * duplicates.csv (images of several rows with equal bytes).
 */
export function writeLists(out: string, verified: Verified): Verification {
  const {missing, extras, refused, inventory, sources} = verified;
  const unreadable = inventory.filter((file) => file.unreadable !== null);
  const groups = equalGroups(inventory);
  const write = (name: string, columns: string, rows: readonly (readonly string[])[]): void =>
    writeFileSync(join(out, name), toCsv(columns.split(','), rows));
  write(
    'missing.csv',
    'image',
    missing.map(({image}) => [image]),
  );
  write(
    'extra.csv',
    'image,path',
    extras.map((extra) => [nameOf(extra.path), placeOf(extra, sources)]),
  );
  write(
    'unreadable.csv',
    'image,path,reason',
    unreadable.map((file) => [file.image, placeOf(file, sources), file.unreadable!]),
  );
  write(
    'refused.csv',
    'archive,path,reason',
    refused.map(({archive, path, reason}) => [archive, noFormula(path), reason]),
  );
  write(
    'duplicates.csv',
    'sha256,image,images',
    groups.map((group) => {
      const [first, ...others] = group.map(({image}) => image);
      return [group[0]!.sha256, first!, others.join('|')];
    }),
  );
  return {
    missing: missing.length,
    extra: extras.length,
    unreadable: unreadable.length,
    duplicate_groups: groups.length,
  };
}

/** Writes adjudicated.csv: what radiologists saw. */
export function writeAdjudicated(out: string, rows: readonly AdjudicatedRow[]): void {
  const columns = ['image', 'fracture', 'pneumothorax', 'airspace_opacity', 'nodule_or_mass', 'set'];
  const cells = rows.map((row) => [
    row.image,
    ...[row.fracture, row.pneumothorax, row.airspaceOpacity, row.noduleOrMass],
    row.set,
  ]);
  writeFileSync(join(out, 'adjudicated.csv'), toCsv(columns, cells));
}

/** Images that are equal byte for byte under different names, in the order of the metadata. */
function equalGroups(inventory: readonly Candidate[]): readonly (readonly Candidate[])[] {
  const groups = new Map<string, Candidate[]>();
  for (const file of inventory) {
    const group = groups.get(file.sha256);
    if (group === undefined) groups.set(file.sha256, [file]);
    else group.push(file);
  }
  return [...groups.values()].filter((group) => group.length > 1);
}

/** Names that were refused may begin like a formula; these lists are opened in spreadsheets. */
function noFormula(name: string): string {
  return /^[=+\-@]/.test(name) ? JSON.stringify(name) : name;
}
