import {existsSync, mkdirSync, statSync, truncateSync} from 'node:fs';
import {join} from 'node:path';
import {pathToFileURL} from 'node:url';
import {type PlanDocument, type Project, ROOT} from '../rig.js';
import {makePng} from '../stages/png-maker.js';

const CONFIG = `pipeline: many
stages:
  dataset:
    uses: acquire
    params: {images: images, metadata: metadata.csv}
  split:
    uses: split
    params: {method: seeded}
`;

export function imageName(index: number): string {
  return `${String(Math.floor(index / 3) + 1).padStart(8, '0')}_${String(index % 3).padStart(3, '0')}.png`;
}

/** Files of so many bytes that are images at their beginning, and take hardly any room on the disk. */
export function writeImages(project: Project, {count, bytes}: {count: number; bytes: number}): void {
  mkdirSync(join(project.folder, 'images'));
  for (let index = 0; index < count; index++) writeImage(project, imageName(index), {index, bytes});
  writeTables(project, count);
  project.write('many.yaml', CONFIG);
}

/** The metadata of so many images, and a configuration that does without them. */
export function writeTables(project: Project, count: number): void {
  const rows = Array.from({length: count}, (_, index) => {
    const patient = Math.floor(index / 3) + 1;
    return `${imageName(index)},No Finding,${index % 3},${patient},50,F,PA\n`;
  });
  project.write('metadata.csv', `${HEADER}\n${rows.join('')}`);
  project.write('many.yaml', CONFIG.replace('images: images, ', ''));
}

const HEADER = 'Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position';

export function writeImage(
  project: Project,
  name: string,
  {index, bytes}: {index: number; bytes: number},
): void {
  const path = project.write(`images/${name}`, grayPng(index));
  truncateSync(path, bytes);
}

/** No two are equal. */
function grayPng(index: number): Buffer {
  const values = [index & 255, (index >> 8) & 255];
  return makePng({width: 2, height: 1, colourType: 0, depth: 8, pixel: (x) => [values[x]!]});
}

/** Waits until a change of any of these files would leave other times behind. */
export async function settle(project: Project, ...names: readonly string[]): Promise<void> {
  const changed = Math.max(...names.map((name) => statSync(join(project.folder, name)).ctimeMs));
  while (Date.now() - changed < 50) await new Promise((resolve) => setImmediate(resolve));
}

/** Runs the pipeline. @returns what it did, and how many bytes its process has read; -1 where nobody counts. */
export async function runCounted(
  project: Project,
  file = 'many.yaml',
): Promise<{document: PlanDocument; bytes: number}> {
  const into = join(project.folder, 'bytes-read');
  const counter = pathToFileURL(join(ROOT, 'dist/test/cli/programs/count-bytes.js')).href;
  const counts = existsSync('/proc/self/io');
  const environment = counts ? {NODE_OPTIONS: `--import=${counter}`, BYTES_READ_FILE: into} : {};
  const document = await project.json<PlanDocument>(['run', file], {environment});
  return {document, bytes: counts ? Number(project.read('bytes-read')) : -1};
}

export function decisions({stages}: PlanDocument): readonly string[] {
  return stages.map(({decision}) => decision);
}

export function reasons({stages}: PlanDocument, id: string): readonly string[] {
  return stages.find((stage) => stage.id === id)!.because.map(({text}) => text);
}
