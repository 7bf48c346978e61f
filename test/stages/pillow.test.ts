import assert from 'node:assert/strict';
import {existsSync, mkdirSync, readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {execa} from 'execa';
import {acquire} from '../../pipeline/stages/acquire/stage.js';
import {preprocess} from '../../pipeline/stages/preprocess/stage.js';
import {ROOT} from '../rig.js';
import {imagesOf} from './array.js';
import {datasetOf} from './data.js';
import {oraclePython} from './oracle-python.js';
import {grayPng} from './png-maker.js';
import {type Bench, type Finished, factsOf, NIH, NIH_METADATA, needsRealData, withBench} from './rig.js';

const ORACLE = join(ROOT, 'test/stages/pillow_resize.py');

/** Width and height of the sources: smaller and larger than the targets, square and not, prime and even. */
const FRAMES: readonly (readonly [number, number])[] = [
  [1, 1],
  [2, 3],
  [17, 5],
  [63, 64],
  [64, 64],
  [97, 211],
  [128, 128],
  [255, 257],
  [300, 100],
  [512, 512],
  [641, 433],
  [40, 1500],
  [1500, 40],
];

/** For every size, Pillow's pixels and ours, image by image. */
async function compare(bench: Bench, dataset: Finished, sizes: readonly number[]): Promise<number> {
  const out = join(bench.folder, 'pillow');
  mkdirSync(out);
  const root = String(dataset.artifact.params['images']);
  const files = dataset.read('inventory.csv').trimEnd().split('\n').slice(1);
  const paths = files.map((line) => join(root, line.slice(line.lastIndexOf(',') + 1)));
  const {executable, env} = await oraclePython();
  await execa(executable, [ORACLE], {env, input: JSON.stringify({files: paths, sizes, out})});
  for (const size of sizes) {
    const finished = await bench.run(preprocess, {size}, {needs: [dataset.artifact]});
    factsOf(finished);
    const expected = readFileSync(join(out, `${size}.raw`));
    const {rows} = imagesOf(finished);
    for (const [row, pixels] of rows.entries()) {
      const same = pixels.equals(expected.subarray(row * size * size, (row + 1) * size * size));
      assert.ok(same, `${paths[row]} at ${size} differs from Pillow's`);
    }
  }
  return paths.length;
}

describe("preprocess beside Pillow's BILINEAR resize", () => {
  it('makes the same bytes of images of all sizes and shapes', async function () {
    this.timeout(120_000);
    await withBench(async (bench) => {
      const entries = FRAMES.map(([width, height], seed) => [`${seed}.png`, grayPng(width, height, seed)]);
      const dataset = await datasetOf(bench, Object.fromEntries(entries));
      assert.equal(await compare(bench, dataset, [64, 65, 100, 127, 256, 500, 1024]), FRAMES.length);
    });
  });

  it('makes the same bytes of the real radiographs at every usual size', async function () {
    needsRealData(this, join(NIH, 'images'), NIH_METADATA);
    this.timeout(180_000);
    assert.ok(existsSync(NIH));
    await withBench(async (bench) => {
      const dataset = await bench.run(acquire, {images: join(NIH, 'images'), metadata: NIH_METADATA});
      const compared = await compare(bench, dataset, [64, 128, 224, 256, 320, 512]);
      assert.equal(compared, readdirSync(join(NIH, 'images')).length);
    });
  });
});
