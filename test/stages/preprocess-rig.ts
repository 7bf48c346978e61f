import assert from 'node:assert/strict';
import {createHash} from 'node:crypto';
import {existsSync, readFileSync, watch} from 'node:fs';
import {join} from 'node:path';
import {gzipSync} from 'node:zlib';
import {execa} from 'execa';
import type {ArtifactRef} from '../../pipeline/model/stage-kind.js';
import {acquire} from '../../pipeline/stages/acquire/stage.js';
import {preprocess} from '../../pipeline/stages/preprocess/stage.js';
import {ROOT} from '../rig.js';
import {dataEntry, entry} from './data.js';
import {grayPng} from './png-maker.js';
import type {PreprocessAccount, PreprocessOrder} from './preprocess-process.js';
import type {Bench, Finished, RunOptions} from './rig.js';
import {makeTar} from './tar-maker.js';

const PROCESS = join(ROOT, 'dist/test/stages/preprocess-process.js');

export type Files = Readonly<Record<string, Buffer>>;

/** `count` different pictures from the number `first` on, named by it. */
export function manyPngs(count: number, {side = 96, first = 0} = {}): Files {
  const numbers = Array.from({length: count}, (_, index) => first + index);
  return Object.fromEntries(numbers.map((number) => [`${number}.png`, grayPng(side, side, number)]));
}

/** SHA-256 over all that the stage has made. */
export function digestOf({artifact}: Readonly<{artifact: ArtifactRef}>): string {
  const hash = createHash('sha256');
  for (const name of ['images.npy', 'index.csv', 'notes.csv', 'quarantine.csv']) {
    hash.update(readFileSync(join(artifact.path, name)));
  }
  return hash.digest('hex');
}

/** At 64 pixels unless told. */
export async function preprocessed(
  bench: Bench,
  dataset: Finished,
  {size = 64, needs = [], ...options}: RunOptions & {size?: number} = {},
): Promise<Finished> {
  return bench.run(preprocess, {size}, {needs: [dataset.artifact, ...needs], ...options});
}

/**
 * A data set whose images lie in gzipped archives in the folder `archived`, each under `images/` as in the published ones.
 * Patients are numbered in order of the archives.
 */
export async function archivedDataset(
  bench: Bench,
  archives: Readonly<Record<string, Files>>,
): Promise<Finished> {
  for (const [name, files] of Object.entries(archives)) bench.write(`archived/${name}`, tarOf(files));
  const names = Object.values(archives).flatMap((files) => Object.keys(files));
  const rows = names.map((name, index) => entry(name, index + 1));
  const metadata = bench.write('archived.csv', dataEntry(rows));
  return bench.run(acquire, {images: join(bench.folder, 'archived'), metadata});
}

export function tarOf(files: Files): Buffer {
  const members = Object.entries(files).map(([name, content]) => ({name: `images/${name}`, content}));
  return gzipSync(makeTar(members), {level: 1});
}

/** Root without what lets it write to read-only files: as anybody else, but for whose files these are. */
const LIKE_ANYBODY = [
  '--bounding-set=-dac_override,-dac_read_search',
  '--inh-caps=-dac_override,-dac_read_search',
];

/**
 * Runs the stage in a process of its own, which must succeed.
 * @param options - `mayOverride`: false takes from root the right to write to what is read-only.
 */
export async function runAlone(
  order: PreprocessOrder,
  {mayOverride}: Readonly<{mayOverride: boolean}> = {mayOverride: true},
): Promise<PreprocessAccount> {
  const command = [process.execPath, PROCESS, JSON.stringify(order)];
  const isRoot = process.getuid?.() === 0;
  const [program = '', ...args] = mayOverride || !isRoot ? command : ['setpriv', ...LIKE_ANYBODY, ...command];
  const {stdout} = await execa(program, args);
  return JSON.parse(stdout.split('\n').at(-1)!) as PreprocessAccount;
}

/** Kills the stage's process when it has done some more images. @returns How many it had recorded by then. */
export async function killAfterSome(already: number, order: PreprocessOrder): Promise<number> {
  const journal = join(order.resume, 'rows.ndjson');
  const recorded = (): number => readFileSync(journal, 'utf8').split('\n').length - 2;
  const child = execa(process.execPath, [PROCESS, JSON.stringify(order)], {reject: false});
  const watcher = watch(order.resume, () => {
    if (existsSync(journal) && recorded() >= already + 20) child.kill('SIGKILL');
  });
  const {signal, stderr} = await child;
  watcher.close();
  assert.equal(signal, 'SIGKILL', stderr);
  return recorded();
}
