import {once} from 'node:events';
import {existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join, relative} from 'node:path';
import {performance} from 'node:perf_hooks';
import {createInterface} from 'node:readline';
import {execa} from 'execa';
import type {ArtifactRef} from '../../pipeline/model/stage-kind.js';
import {acquire} from '../../pipeline/stages/acquire/stage.js';
import {readInventory, writeDataset} from '../../pipeline/stages/dataset.js';
import {preprocess} from '../../pipeline/stages/preprocess/stage.js';
import {synthesize} from '../../pipeline/stages/synthesize/stage.js';
import {ROOT} from '../rig.js';
import {imagesOf} from '../stages/array.js';
import {oraclePython} from '../stages/oracle-python.js';
import {artifactRef, type Bench, factsOf, fileOf, NIH, NIH_METADATA, withBench} from '../stages/rig.js';

const [SIZE, CORES, ROUNDS, REPEATS] = [256, 2, 5, 3];

// Decoding and resizing 1024² radiographs, this project's stage beside Pillow and OpenCV: in turn, two cores each. The
// stage also hashes its files, checks them, and writes pixels and journal, and starts its threads anew in each round;
// the rivals stay warm and drop what they made.
await withBench(async (bench) => {
  const real = existsSync(NIH_METADATA);
  const source = await images(bench, real);
  const repeated = repeat(bench, source);
  const paths = readInventory(repeated, null).map(({source}) => fileOf(source));
  const what = `${paths.length / REPEATS} ${real ? 'real' : 'synthetic'} radiographs, ${REPEATS} times`;
  console.log(`  ${what}; 1024 → ${SIZE} pixels; ${CORES} cores each; ${ROUNDS} rounds in turn`);
  const rivals = await startRivals(paths);
  console.log(`  ${await rivals.ask('versions')}, Node ${process.versions.node}`);
  const costs: Record<string, Cost[]> = {pipeline: [], pillow: [], opencv: []};
  for (let round = 0; round < ROUNDS; round++) {
    costs['pipeline']!.push(await costOfStage(bench, repeated));
    for (const name of ['pillow', 'opencv']) {
      const [wall, processor] = (await rivals.ask(name)).split(' ').map(Number) as [number, number];
      costs[name]!.push({wall, processor});
    }
  }
  for (const name of Object.keys(costs)) console.log(`  ${rowOf(name, costs, paths.length)}`);
  console.log(
    `  pixels equal to Pillow's: ${await countEqual(bench, {repeated, rivals, count: paths.length})}`,
  );
  await rivals.close();
});

async function images(bench: Bench, real: boolean): Promise<ArtifactRef> {
  const finished = real
    ? await bench.run(acquire, {images: join(NIH, 'images'), metadata: NIH_METADATA})
    : await bench.run(synthesize, {images: 160, seed: 1});
  factsOf(finished);
  return finished.artifact;
}

/** The same files under several names, so that a round is long enough to measure. */
function repeat(bench: Bench, source: ArtifactRef): ArtifactRef {
  const folder = join(bench.folder, 'repeated');
  mkdirSync(folder);
  const files = readInventory(source, null);
  const images = source.uses === 'acquire' ? source.params['images']! : source.path;
  const inventory = Array.from({length: REPEATS}, (_, turn) =>
    files.map((file) => {
      const path = relative(String(images), fileOf(file.source));
      return {...file, image: `${turn}-${file.image}`, root: 0, archive: '', path};
    }),
  ).flat();
  writeDataset(folder, {rows: [], boxes: [], inventory});
  return artifactRef(acquire, folder, {images});
}

/** Seconds for all images: on the clock, and of all threads or processes together. */
type Cost = Readonly<{wall: number; processor: number}>;

async function costOfStage(bench: Bench, dataset: ArtifactRef): Promise<Cost> {
  const [start, before] = [performance.now(), process.cpuUsage()];
  factsOf(await bench.run(preprocess, {size: SIZE}, {needs: [dataset], concurrency: CORES}));
  const {user, system} = process.cpuUsage(before);
  return {wall: (performance.now() - start) / 1000, processor: (user + system) / 1e6};
}

/** Factors are medians over the rounds, each beside the pipeline's own of that round. */
function rowOf(name: string, costs: Readonly<Record<string, readonly Cost[]>>, images: number): string {
  const own = costs[name]!;
  const rates = own.map(({wall}) => images / wall);
  const milliseconds = (1000 * median(own.map(({processor}) => processor))) / images;
  const range = `${Math.min(...rates).toFixed(0)} to ${Math.max(...rates).toFixed(0)}`;
  const speed = `${median(rates).toFixed(0)} images/s (${range})`;
  const factorOf = (part: keyof Cost): string =>
    median(own.map((cost, round) => cost[part] / costs['pipeline']![round]![part])).toFixed(2);
  const factor = `the pipeline is ×${factorOf('wall')} by the clock, ×${factorOf('processor')} by processor time`;
  const used = `${milliseconds.toFixed(1)} ms of processor time each`;
  return [name.padEnd(9), speed.padEnd(26), used, ...(name === 'pipeline' ? [] : [factor])].join('  ');
}

type Rivals = Readonly<{ask(command: string): Promise<string>; close(): Promise<void>}>;

async function startRivals(paths: readonly string[]): Promise<Rivals> {
  const folder = mkdtempSync(join(tmpdir(), 'rivals-'));
  const list = join(folder, 'paths.json');
  writeFileSync(list, JSON.stringify(paths));
  const {executable, env} = await oraclePython();
  const script = join(ROOT, 'test/bench/rivals.py');
  const child = execa(executable, [script, list, String(CORES)], {env, stdin: 'pipe', stderr: 'inherit'});
  const lines = createInterface({input: child.stdout});
  return {
    ask: async (command) => {
      const answer = once(lines, 'line');
      child.stdin.write(`${command}\n`);
      return String((await Promise.race([answer, child.then(() => ['ended'])]))[0]);
    },
    close: async () => {
      child.stdin.end();
      await child;
      rmSync(folder, {recursive: true});
    },
  };
}

async function countEqual(
  bench: Bench,
  {repeated, rivals, count}: Readonly<{repeated: ArtifactRef; rivals: Rivals; count: number}>,
): Promise<string> {
  const file = join(bench.folder, 'pillow.raw');
  await rivals.ask(`pixels ${file}`);
  const expected = readFileSync(file);
  const finished = await bench.run(preprocess, {size: SIZE}, {needs: [repeated]});
  const {rows} = imagesOf(finished);
  const pixels = SIZE * SIZE;
  const equal = rows.filter((row, index) =>
    row.equals(expected.subarray(index * pixels, (index + 1) * pixels)),
  );
  if (equal.length !== count) process.exitCode = 1;
  return `${equal.length / REPEATS} of ${count / REPEATS} images`;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}
