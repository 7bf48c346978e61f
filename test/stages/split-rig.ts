import assert from 'node:assert/strict';
import {mkdirSync} from 'node:fs';
import {join} from 'node:path';
import type {ArtifactRef} from '../../pipeline/model/stage-kind.js';
import {detectLabelState} from '../../pipeline/stages/acquire/label-state.js';
import {acquire} from '../../pipeline/stages/acquire/stage.js';
import type {AuditCheck, AuditDocument, CheckName} from '../../pipeline/stages/audit/document.js';
import {writeDataCard} from '../../pipeline/stages/data-card.js';
import {type ImageRow, writeDataset} from '../../pipeline/stages/dataset.js';
import {planCohort} from '../../pipeline/stages/synthesize/cohort.js';
import {synthesize} from '../../pipeline/stages/synthesize/stage.js';
import {artifactRef, type Bench, type Finished} from './rig.js';

/** A data set of tables alone, as of the real images unless they are synthetic. */
export function datasetWith(
  bench: Bench,
  rows: readonly ImageRow[],
  options: Readonly<{
    synthetic?: boolean;
    inventory?: readonly Readonly<{image: string; sha256: string}>[];
  }> = {},
): ArtifactRef {
  const folder = join(bench.folder, 'dataset');
  mkdirSync(folder, {recursive: true});
  const inventory = (options.inventory ?? []).map(({image, sha256}) => {
    const file = {bytes: 1, width: 64, height: 64, mode: 'L'};
    return {image, sha256, ...file, root: 0, archive: '', path: image};
  });
  writeDataset(folder, {rows, boxes: [], inventory});
  writeDataCard(folder, {labels: detectLabelState(rows)});
  return artifactRef(options.synthetic === true ? synthesize : acquire, folder, {});
}

/** People as the demo has them: several images each, findings of all kinds. */
export function cohort(images: number): readonly ImageRow[] {
  return planCohort({images, seed: 5}).map(({row}) => row);
}

/** One image; by default named as in ChestX-ray14. */
export function imageOf(
  patient: number,
  number = 0,
  row: Partial<ImageRow> & {image?: string} = {},
): ImageRow {
  const image = `${String(patient).padStart(8, '0')}_${String(number).padStart(3, '0')}.png`;
  const rest = {age: 50, sex: 'F', view: 'PA', followUp: number, findings: []} as const;
  return {image, patient: String(patient), ...rest, ...row};
}

/** So many patients with one image each, named 0.png, 1.png … */
export function singles(count: number): readonly ImageRow[] {
  return Array.from({length: count}, (_, index) =>
    imageOf(index + 1, 0, {image: `${index}.png`, findings: index % 2 === 0 ? ['Hernia'] : []}),
  );
}

/** The rows of a CSV file of an artifact, without its header. */
export function cellsOf(finished: Finished, name: string): readonly (readonly string[])[] {
  const [, ...lines] = finished.read(name).trimEnd().split('\n');
  return lines.map((line) => line.split(','));
}

export function checkOf(finished: Finished, name: CheckName): AuditCheck {
  const document = finished.json('audit.json') as unknown as AuditDocument;
  const check = document.checks.find((candidate) => candidate.name === name);
  assert.ok(check, `${name} is among the checks`);
  return check;
}
