import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {FINDINGS} from '../model/findings.js';
import type {JsonObject} from '../model/json.js';
import type {ArtifactRef} from '../model/stage-kind.js';
import type {BoxRow, ImageFile, ImageRow} from './dataset.js';

/** Images of the whole ChestX-ray14 release. */
export const ALL_IMAGES = 112_120;

/** How to credit the real data set; asked for by its publisher, so every report shows it. */
export const CITATION = {
  name: 'ChestX-ray14, NIH Clinical Center',
  link: 'https://nihcc.app.box.com/v/ChestXray-NIHCC',
  cite:
    'Wang X, Peng Y, Lu L, Lu Z, Bagheri M, Summers RM. ChestX-ray8: Hospital-scale Chest X-ray Database and Benchmarks ' +
    'on Weakly-Supervised Classification and Localization of Common Thorax Diseases. IEEE CVPR 2017, pp. 3462-3471.',
  licence: 'No restriction on use; acknowledge the NIH Clinical Center as the data provider.',
} as const;

/** What a data set or a fold holds, in numbers: `{images, percent}` for each finding, sex and view. */
export function describeImages(rows: readonly ImageRow[]): JsonObject {
  const findings = new Map<string, number>(FINDINGS.map((name) => [name, 0]));
  const sexes = new Map([
    ['M', 0],
    ['F', 0],
  ]);
  const views = new Map([
    ['PA', 0],
    ['AP', 0],
  ]);
  const patients = new Map<string, number>();
  let [none, several] = [0, 0];
  for (const row of rows) {
    increment(patients, row.patient);
    for (const finding of row.findings) increment(findings, finding);
    increment(sexes, row.sex);
    increment(views, row.view);
    if (row.findings.length === 0) none++;
    if (row.findings.length > 1) several++;
  }
  const share = (images: number): JsonObject => shareOf(images, rows.length);
  const shares = (counts: ReadonlyMap<string, number>): JsonObject =>
    Object.fromEntries([...counts].map(([name, images]) => [name, share(images)]));
  return {
    images: rows.length,
    patients: patients.size,
    findings: shares(findings),
    no_finding: share(none),
    more_than_one_finding: share(several),
    sex: shares(sexes),
    view: shares(views),
    age: describeAges(rows),
    images_per_patient: describeCounts(patients.values()),
  };
}

/** A count with its percentage to four decimals. */
export function shareOf(images: number, of: number): JsonObject {
  return {images, percent: of === 0 ? 0 : round((100 * images) / of, 4)};
}

/** Of the image files: how many bytes, of which sizes and modes, and how many are unlike the others. */
export function describeFiles(inventory: readonly ImageFile[], interlaced: number): JsonObject {
  const known = inventory.filter((file) => file.mode !== null);
  // The size of a DICOM image is not known before it is decoded.
  const sized = known.filter((file) => file.width !== null);
  return {
    bytes: inventory.reduce((sum, file) => sum + file.bytes, 0),
    modes: tally(known.map((file) => file.mode!)),
    sizes: tally(sized.map((file) => `${file.width}x${file.height}`)),
    not_square: sized.filter((file) => file.width !== file.height).length,
    without_png_header: inventory.length - sized.length,
    interlaced,
  };
}

export function describeBoxes(boxes: readonly BoxRow[]): JsonObject {
  return {
    boxes: boxes.length,
    images: new Set(boxes.map((box) => box.image)).size,
    findings: tally(boxes.map((box) => box.finding)),
  };
}

/** Images with both findings, in the order of FINDINGS; the diagonal counts the images with one of them. */
export function countTogether(rows: readonly ImageRow[]): number[][] {
  const counts = FINDINGS.map(() => new Array<number>(FINDINGS.length).fill(0));
  const place = new Map(FINDINGS.map((name, index) => [name, index]));
  for (const {findings} of rows) {
    for (const one of findings) {
      for (const other of findings) counts[place.get(one)!]![place.get(other)!]!++;
    }
  }
  return counts;
}

/** Which release the labels are of, and how that is known: stamped on what is made of them. */
export type LabelState = Readonly<{state: string; because: string}>;

/** From data-card.json of a data set artifact. */
export function readLabelState(dataset: ArtifactRef): LabelState {
  const text = readFileSync(join(dataset.path, 'data-card.json'), 'utf8');
  return (JSON.parse(text) as {labels: LabelState}).labels;
}

/** Writes data-card.json: the facts about a data set that reports and reviewers read. */
export function writeDataCard(folder: string, card: JsonObject): void {
  const text = JSON.stringify({schema: 'pipeline/data-card/v1', ...card}, null, 2);
  writeFileSync(join(folder, 'data-card.json'), `${text}\n`);
}

function describeAges(rows: readonly ImageRow[]): JsonObject {
  const ages = Float64Array.from(rows.flatMap((row) => row.age ?? [])).sort();
  const unknown = rows.length - ages.length;
  if (ages.length === 0) return {unknown};
  return {
    min: ages[0]!,
    lower_quartile: round(quantile(ages, 0.25), 3),
    median: round(quantile(ages, 0.5), 3),
    upper_quartile: round(quantile(ages, 0.75), 3),
    max: ages.at(-1)!,
    mean: round(ages.reduce((total, age) => total + age, 0) / ages.length, 2),
    unknown,
  };
}

function describeCounts(values: Iterable<number>): JsonObject {
  const counts = Float64Array.from(values).sort();
  return counts.length === 0 ? {} : {median: round(quantile(counts, 0.5), 3), most: counts.at(-1)!};
}

/** Of at least one value, sorted; interpolated between neighbours (Hyndman and Fan 1996, type 7). */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  const place = share * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(place)]!, sorted[Math.ceil(place)]!];
  return below + (above - below) * (place - Math.floor(place));
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

function increment(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

/** Counts by name, most frequent first. */
function tally(names: readonly string[]): JsonObject {
  const counts = new Map<string, number>();
  for (const name of names) increment(counts, name);
  return Object.fromEntries([...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)));
}
