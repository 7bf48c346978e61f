import {writeFileSync} from 'node:fs';
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

/** One image file. Width, height and mode are null when it has no PNG header. `path` is relative to the image root. */
export type InventoryRow = Readonly<{
  image: string;
  sha256: string;
  bytes: number;
  width: number | null;
  height: number | null;
  mode: string | null;
  path: string;
}>;

/** The folder that inventory paths are relative to, absolute: of the artifact itself when its images were made here. */
export function imageRoot(dataset: ArtifactRef): string {
  const images = dataset.params['images'];
  return dataset.uses === 'acquire' && typeof images === 'string' ? images : dataset.path;
}

/** Writes metadata.csv, boxes.csv and inventory.csv, the same for every kind of stage that outputs a data set. */
export function writeDataset(
  folder: string,
  content: Readonly<{
    rows: readonly ImageRow[];
    boxes: readonly BoxRow[];
    inventory: readonly InventoryRow[];
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
    file.path,
  ]);
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  write('metadata.csv', toCsv(['image', 'patient', 'age', 'sex', 'view', 'follow_up', 'findings'], metadata));
  write('boxes.csv', toCsv(['image', 'finding', 'x', 'y', 'width', 'height'], boxes));
  write('inventory.csv', toCsv(['image', 'sha256', 'bytes', 'width', 'height', 'mode', 'path'], inventory));
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

/** The image files of a data set artifact, in the order of its metadata. */
export function readInventory(dataset: ArtifactRef): readonly InventoryRow[] {
  return readOwnCsv(join(dataset.path, 'inventory.csv')).rows.map(({cells}) => {
    const [image, sha256, bytes, width, height, mode, path] = cells as unknown as Cells;
    return {
      image,
      sha256,
      path,
      bytes: Number(bytes),
      width: width === '' ? null : Number(width),
      height: height === '' ? null : Number(height),
      mode: mode === '' ? null : mode,
    };
  });
}

/** Both files have seven columns. */
type Cells = readonly [string, string, string, string, string, string, string];

/** Files of artifacts are verified by their digest before a stage reads them, so a fault in one is a fault of ours. */
function readOwnCsv(file: string): CsvTable {
  const table = readCsv(file);
  if (!table.ok) throw new Error(`Internal error: ${file}: ${table.error.message}`);
  const ragged = table.value.rows.find((row) => row.cells.length !== table.value.header.cells.length);
  if (ragged !== undefined) throw new Error(`Internal error: ${file}:${ragged.line} has too few cells`);
  return table.value;
}
