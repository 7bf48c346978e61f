import {statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {FINDINGS, type Finding} from '../model/findings.js';
import type {ArtifactRef} from '../model/stage-kind.js';
import {type CsvTable, readCsv, toCsv} from './csv.js';

/** What the metadata say of one image. `image` is its file name, `age` is in years and null when it is not known. */
export type ImageRow = Readonly<{
  image: string;
  patient: string;
  age: number | null;
  sex: 'M' | 'F';
  view: 'PA' | 'AP';
  followUp: number;
  /** In the order of FINDINGS; empty means "No Finding". */
  findings: readonly Finding[];
}>;

/** A rectangle around a finding, in pixels of the source image. */
export type BoxRow = Readonly<{
  image: string;
  finding: Finding;
  x: number;
  y: number;
  width: number;
  height: number;
}>;

/** One image at hand. Width and height are null of a DICOM file; with `mode` also of one that is no image at all. */
export type ImageFile = Readonly<{
  /** As the metadata call it, whatever its file is called: `00000001_000.png` also of 00000001_000.dcm. */
  image: string;
  sha256: string;
  bytes: number;
  width: number | null;
  height: number | null;
  /** As imaging libraries write it, or `DICOM`. */
  mode: string | null;
}>;

/** Where an image lies, so that it is found again when folders have moved. */
export type ImagePlace = Readonly<{
  /** 0, 1, … the sources of acquire in their order; behind the last the downloaded archives; ARTIFACT the artifact itself. */
  root: number;
  /** Relative to the root; of a root that is an archive its own name. Empty for a plain file. */
  archive: string;
  /** Relative to the root, or the member's name in the archive. */
  path: string;
}>;

/** The root of images that are in the artifact. */
export const ARTIFACT = -1;

/** Where the bytes of an image are today. `path` and `archive` are absolute. */
export type ImageSource =
  | Readonly<{kind: 'file'; path: string}>
  | Readonly<{kind: 'member'; archive: string; member: string}>;

export type InventoryRow = ImageFile & Readonly<{source: ImageSource}>;

const INVENTORY_COLUMNS = 'image,sha256,bytes,width,height,mode,root,archive,path'.split(',');

/** Writes metadata.csv, boxes.csv and inventory.csv, the same for every kind of stage that outputs a data set. */
export function writeDataset(
  folder: string,
  content: Readonly<{
    rows: readonly ImageRow[];
    boxes: readonly BoxRow[];
    inventory: readonly (ImageFile & ImagePlace)[];
  }>,
): void {
  const metadata = content.rows.map((row) => [
    row.image,
    row.patient,
    row.age ?? '',
    row.sex,
    row.view,
    row.followUp,
    row.findings.join('|'),
  ]);
  const boxes = content.boxes.map((box) => [box.image, box.finding, box.x, box.y, box.width, box.height]);
  const inventory = content.inventory.map((file) => [
    file.image,
    file.sha256,
    file.bytes,
    file.width ?? '',
    file.height ?? '',
    file.mode ?? '',
    file.root,
    file.archive,
    file.path,
  ]);
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  write('metadata.csv', toCsv(['image', 'patient', 'age', 'sex', 'view', 'follow_up', 'findings'], metadata));
  write('boxes.csv', toCsv(['image', 'finding', 'x', 'y', 'width', 'height'], boxes));
  write('inventory.csv', toCsv(INVENTORY_COLUMNS, inventory));
}

/** The images of a data set artifact in its order. */
export function readMetadata(dataset: ArtifactRef): readonly ImageRow[] {
  const known = new Map<string, readonly Finding[]>();
  return readOwnCsv(join(dataset.path, 'metadata.csv')).rows.map(({cells}) => {
    const [image, patient, age, sex, view, followUp, labels] = cells as unknown as Cells;
    const findings = known.get(labels) ?? FINDINGS.filter((name) => labels.split('|').includes(name));
    known.set(labels, findings);
    return {
      image,
      patient,
      findings,
      age: age === '' ? null : Number(age),
      sex: sex as ImageRow['sex'],
      view: view as ImageRow['view'],
      followUp: Number(followUp),
    };
  });
}

type Cells = readonly [string, string, string, string, string, string, string];

/**
 * The images at hand of a data set artifact, in the order of its metadata.
 * @param archives - The artifact that the data set was made of beside its own sources, if it was.
 */
export function readInventory(dataset: ArtifactRef, archives: ArtifactRef | null): readonly InventoryRow[] {
  const sourceOf = createLocator(dataset, archives);
  return readOwnCsv(join(dataset.path, 'inventory.csv')).rows.map(({cells}) => {
    const [image, sha256, bytes, width, height, mode, root, archive, path] = cells as unknown as FileCells;
    return {
      image,
      sha256,
      bytes: Number(bytes),
      width: width === '' ? null : Number(width),
      height: height === '' ? null : Number(height),
      mode: mode === '' ? null : mode,
      source: sourceOf({root: Number(root), archive, path}),
    };
  });
}

type FileCells = readonly [string, string, string, string, string, string, string, string, string];

/** Roots are looked up in the parameters as resolved today. */
function createLocator(
  dataset: ArtifactRef,
  archives: ArtifactRef | null,
): (place: ImagePlace) => ImageSource {
  const {images} = dataset.uses === 'acquire' ? dataset.params : {};
  const given = images === undefined ? [] : [images].flat().map(String);
  const roots = archives === null ? given : [...given, archives.path];
  const isArchive = roots.map(
    (root) => statSync(root, {throwIfNoEntry: false})?.isFile() ?? /\.(tar|tgz|tar\.gz)$/i.test(root),
  );
  return ({root, archive, path}) => {
    const base = root === ARTIFACT ? dataset.path : roots[root];
    if (base === undefined) throw new Error(`Internal error: ${dataset.stage} has no source ${root}`);
    if (archive === '') return {kind: 'file', path: join(base, path)};
    return {kind: 'member', archive: isArchive[root] === true ? base : join(base, archive), member: path};
  };
}

/** Files of artifacts are verified by their digest before a stage reads them, so a fault in one is a fault of ours. */
function readOwnCsv(file: string): CsvTable {
  const table = readCsv(file);
  if (!table.ok) throw new Error(`Internal error: ${file}: ${table.error.message}`);
  const ragged = table.value.rows.find((row) => row.cells.length !== table.value.header.cells.length);
  if (ragged !== undefined) throw new Error(`Internal error: ${file}:${ragged.line} has too few cells`);
  return table.value;
}
