import {spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, linkSync, mkdirSync, readFileSync, rmSync, symlinkSync} from 'node:fs';
import {basename, dirname, join} from 'node:path';
import {performance} from 'node:perf_hooks';
import {createInterface} from 'node:readline';
import {execa} from 'execa';
import {create} from 'tar';
import type {ArtifactRef} from '../../pipeline/model/stage-kind.js';
import {formatBytes, formatCount, formatDuration} from '../../pipeline/model/words.js';
import {acquire} from '../../pipeline/stages/acquire/stage.js';
import {
  type ImagePlace,
  type InventoryRow,
  readInventory,
  writeDataset,
} from '../../pipeline/stages/dataset.js';
import {synthesize} from '../../pipeline/stages/synthesize/stage.js';
import {ROOT} from '../rig.js';
import {readByteArray} from '../stages/array.js';
import {oraclePython} from '../stages/oracle-python.js';
import type {PreprocessAccount, PreprocessOrder} from '../stages/preprocess-process.js';
import {artifactRef, type Bench, factsOf, fileOf, NIH, NIH_METADATA, withBench} from '../stages/rig.js';

/** BENCH_IMAGES and BENCH_ROUNDS make it shorter. */
const IMAGES = Number(process.env['BENCH_IMAGES'] ?? 5120);
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 2);
const [SIZE, CORES, ALL] = [256, 2, 112_120];
const FROM_FILES = 'from files';

// Decoding and resizing 1024² radiographs: this project's stage, from files and from archives, beside Pillow and OpenCV,
// in turn, on two cores each. The stage is a process of its own from start to end; it also hashes its files, checks them
// and writes pixels, hashes and journal. The rivals stay warm and drop what they made.
await withBench(async (bench) => {
  const source = await sourceImages(bench);
  const repeats = Math.max(1, Math.round(IMAGES / source.length));
  const count = repeats * source.length;
  const [files, archives] = [filesAgain(bench, source, repeats), await archivesAgain(bench, source, repeats)];
  const rivals = await startRivals(
    bench,
    source.map((image) => fileOf(image.source)),
  );
  console.log(`  ${describeSource(source.length, repeats)}; 1024 → ${SIZE} pixels; ${CORES} cores each`);
  console.log(`  ${await rivals.ask('versions')}, Node ${process.versions.node}; ${ROUNDS} rounds in turn`);
  const costs: Record<string, Cost[]> = {[FROM_FILES]: [], pillow: [], opencv: [], 'from archives': []};
  for (let round = 0; round < ROUNDS; round++) {
    costs[FROM_FILES]!.push(await costOfStage(bench, files));
    for (const name of ['pillow', 'opencv']) costs[name]!.push(await rivals.time(name, repeats));
    costs['from archives']!.push(await costOfStage(bench, archives));
  }
  for (const name of Object.keys(costs)) console.log(`  ${rowOf(name, costs, count)}`);
  console.log(`  ${await equalPixels(bench, {made: [files, archives], rivals, distinct: source.length})}`);
  await rivals.close();
});

async function sourceImages(bench: Bench): Promise<readonly InventoryRow[]> {
  const finished = existsSync(NIH_METADATA)
    ? await bench.run(acquire, {images: join(NIH, 'images'), metadata: NIH_METADATA})
    : await bench.run(synthesize, {images: 160, seed: 1});
  factsOf(finished);
  return readInventory(finished.artifact, null);
}

function describeSource(distinct: number, repeats: number): string {
  const kind = existsSync(NIH_METADATA) ? 'real' : 'synthetic';
  const total = formatCount(distinct * repeats);
  return `${total} images: ${distinct} ${kind} radiographs, ${repeats} times by hard links, so always in the page cache`;
}

/** Every image under `repeats` names. */
function filesAgain(bench: Bench, source: readonly InventoryRow[], repeats: number): ArtifactRef {
  return datasetAgain(bench, {name: 'files', source, repeats}, ({file, turn, folder}) => {
    const path = `${turn}-${file.image}`;
    hardLink(fileOf(file.source), join(folder, path));
    return {root: 0, archive: '', path};
  });
}

/** One archive with every image, under `repeats` names. */
async function archivesAgain(
  bench: Bench,
  source: readonly InventoryRow[],
  repeats: number,
): Promise<ArtifactRef> {
  const archive = join(bench.folder, 'images.tar.gz');
  const paths = source.map((file) => fileOf(file.source));
  const cwd = dirname(paths[0]!);
  await create(
    {file: archive, cwd, gzip: {level: 1}},
    paths.map((path) => basename(path)),
  );
  return datasetAgain(bench, {name: 'archives', source, repeats}, ({file, turn, folder}) => {
    const name = `images_${turn}.tar.gz`;
    if (!existsSync(join(folder, name))) hardLink(archive, join(folder, name));
    return {root: 0, archive: name, path: basename(fileOf(file.source))};
  });
}

function datasetAgain(
  bench: Bench,
  {name, source, repeats}: Readonly<{name: string; source: readonly InventoryRow[]; repeats: number}>,
  placeOf: (image: Readonly<{file: InventoryRow; turn: number; folder: string}>) => ImagePlace,
): ArtifactRef {
  const [folder, dataset] = [join(bench.folder, name), join(bench.folder, `${name}-dataset`)];
  for (const made of [folder, dataset]) mkdirSync(made);
  const inventory = Array.from({length: repeats}, (_, turn) =>
    source.map((file) => ({...file, image: `${turn}-${file.image}`, ...placeOf({file, turn, folder})})),
  ).flat();
  writeDataset(dataset, {rows: [], boxes: [], inventory});
  return artifactRef(acquire, dataset, {images: folder});
}

function hardLink(source: string, target: string): void {
  try {
    linkSync(source, target);
  } catch {
    // Another file system.
    symlinkSync(source, target);
  }
}

/** Of all images together; seconds on the clock, and of all threads or processes. */
type Cost = Readonly<{seconds: number; processorSeconds: number; peakBytes: number}>;

async function costOfStage(bench: Bench, dataset: ArtifactRef): Promise<Cost> {
  const script = join(ROOT, 'dist/test/stages/preprocess-process.js');
  const [out, resume] = [outOf(bench, dataset), join(bench.folder, 'resume')];
  for (const folder of [out, resume]) rmSync(folder, {recursive: true, force: true});
  mkdirSync(resume);
  const order: PreprocessOrder = {dataset, out, resume, params: {size: SIZE}};
  const start = performance.now();
  const [program, ...words] = [...onCores(), process.execPath, script, JSON.stringify(order)];
  const {stdout} = await execa(program!, words, {stderr: 'inherit'});
  const seconds = (performance.now() - start) / 1000;
  const {processorSeconds, peakBytes} = JSON.parse(stdout) as PreprocessAccount;
  return {seconds, processorSeconds, peakBytes};
}

function outOf(bench: Bench, dataset: ArtifactRef): string {
  return join(bench.folder, `${basename(dataset.path)}-made`);
}

/** Words before a command that keep it on as many cores as everybody has. */
function onCores(): readonly string[] {
  const words = ['taskset', '-c', `0-${CORES - 1}`];
  return spawnSync(words[0]!, [...words.slice(1), 'true']).status === 0 ? words : [];
}

/** Factors are medians over the rounds, each beside the stage's own of that round. */
function rowOf(name: string, costs: Readonly<Record<string, readonly Cost[]>>, count: number): string {
  const own = costs[name]!;
  const rate = median(own.map(({seconds}) => count / seconds));
  const processor = (1000 * median(own.map(({processorSeconds}) => processorSeconds))) / count;
  const factorOf = (part: 'seconds' | 'processorSeconds'): string =>
    median(own.map((cost, round) => cost[part] / costs[FROM_FILES]![round]![part])).toFixed(2);
  return [
    name.padEnd(14),
    `${rate.toFixed(0)} images/s, so ${formatCount(ALL)} in ${formatDuration(ALL / rate)}`.padEnd(46),
    `${processor.toFixed(1)} ms of processor time each`,
    `at most ${formatBytes(Math.max(...own.map(({peakBytes}) => peakBytes)))} of memory`,
    ...(name === FROM_FILES
      ? []
      : [
          `files are ×${factorOf('seconds')} by the clock, ×${factorOf('processorSeconds')} by processor time`,
        ]),
  ].join('  ');
}

type Rivals = Readonly<{
  ask(command: string): Promise<string>;
  time(name: string, repeats: number): Promise<Cost>;
  close(): Promise<void>;
}>;

async function startRivals(bench: Bench, paths: readonly string[]): Promise<Rivals> {
  const list = bench.write('paths.json', JSON.stringify(paths));
  const {executable, env} = await oraclePython();
  const script = join(ROOT, 'test/bench/rivals.py');
  const [program, ...words] = [...onCores(), executable, script, list, String(CORES)];
  const child = execa(program!, words, {env, stdin: 'pipe', stderr: 'inherit'});
  const lines = createInterface({input: child.stdout});
  const ask = async (command: string): Promise<string> => {
    const answer = once(lines, 'line');
    child.stdin.write(`${command}\n`);
    return String((await Promise.race([answer, child.then(() => ['ended'])]))[0]);
  };
  return {
    ask,
    time: async (name, repeats) => {
      const cost = JSON.parse(await ask(`${name} ${repeats}`)) as Record<string, number>;
      const {seconds, processor_seconds: processorSeconds, peak_bytes: peakBytes} = cost;
      return {seconds: seconds!, processorSeconds: processorSeconds!, peakBytes: peakBytes!};
    },
    close: async () => {
      child.stdin.end();
      await child;
    },
  };
}

/** Both ways of the stage beside Pillow, each image once. Exit code 1 when any differs. */
async function equalPixels(
  bench: Bench,
  {made, rivals, distinct}: Readonly<{made: readonly ArtifactRef[]; rivals: Rivals; distinct: number}>,
): Promise<string> {
  const raw = join(bench.folder, 'pillow.raw');
  await rivals.ask(`pixels ${raw}`);
  const [expected, pixels] = [readFileSync(raw), SIZE * SIZE];
  const counts = made.map((dataset) => {
    const {rows} = readByteArray(join(outOf(bench, dataset), 'images.npy'));
    const isEqual = (row: number): boolean =>
      rows[row]!.equals(expected.subarray(row * pixels, (row + 1) * pixels));
    return Array.from({length: distinct}, (_, row) => isEqual(row)).filter(Boolean).length;
  });
  if (counts.some((count) => count !== distinct)) process.exitCode = 1;
  return `pixels equal to Pillow's: ${counts.join(' and ')} of ${distinct} images`;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}
