import assert from 'node:assert/strict';
import {chmodSync, mkdirSync, readdirSync, readFileSync} from 'node:fs';
import {basename, join} from 'node:path';
import type {PythonTool} from '../../pipeline/model/stage-kind.js';
import {acquire} from '../../pipeline/stages/acquire/stage.js';
import {preprocess} from '../../pipeline/stages/preprocess/stage.js';
import {testPython} from '../dispatch/rig.js';
import {ROOT} from '../rig.js';
import {dataEntry, entry} from './data.js';
import {DICOM_KINDS, makeDicom} from './dicom-maker.js';
import {grayPng} from './png-maker.js';
import {type Bench, type Finished, factsOf, NIH, NIH_METADATA, needsRealData, withBench} from './rig.js';

/** To write RLE takes a second for each radiograph. */
const QUICK_KINDS = DICOM_KINDS.filter((kind) => kind !== 'rle');

type Sources = Readonly<{
  /** A folder of PNG files. */
  images: string;
  metadata: string;
  kinds: readonly (typeof DICOM_KINDS)[number][];
  size: number;
}>;

async function pythonTool(): Promise<PythonTool> {
  return {executable: await testPython(), sources: join(ROOT, 'py')};
}

/** Preprocesses the PNG files, and the same as DICOM files in a folder of their own. */
async function both(bench: Bench, sources: Sources): Promise<Readonly<{png: Finished; dicom: Finished}>> {
  const {images, metadata, kinds, size} = sources;
  const folder = join(bench.folder, 'radiographs', 'deeper');
  mkdirSync(folder, {recursive: true});
  const names = readdirSync(images).sort();
  const orders = names.map((name, index) => {
    const dicom = join(folder, `${basename(name, '.png')}.dcm`);
    return {png: join(images, name), dicom, as: kinds[index % kinds.length]!};
  });
  await makeDicom(orders);
  const tool = await pythonTool();
  const run = async (from: string): Promise<Finished> => {
    const dataset = await bench.run(acquire, {images: from, metadata});
    factsOf(dataset);
    const python = async () => ({ok: true, value: tool}) as const;
    return bench.run(preprocess, {size}, {needs: [dataset.artifact], python});
  };
  return {png: await run(images), dicom: await run(join(bench.folder, 'radiographs'))};
}

/** Columns of index.csv that say the same of a DICOM file and of its PNG. */
function sameColumns(finished: Finished): readonly string[] {
  const lines = finished.read('index.csv').trimEnd().split('\n').slice(1);
  return lines.map((line) => {
    const [row, image, , , width, height, , mean, phash] = line.split(',');
    return [row, image, width, height, mean, phash].join();
  });
}

function assertSameCache({png, dicom}: Readonly<{png: Finished; dicom: Finished}>): number {
  const {images, modes} = factsOf(dicom) as {images: number; modes: object};
  assert.equal(factsOf(png)['images'], images);
  assert.deepEqual(modes, {DICOM: images});
  const arrays = [png, dicom].map(({artifact}) => readFileSync(join(artifact.path, 'images.npy')));
  assert.ok(arrays[0]!.equals(arrays[1]!), 'the arrays are equal byte for byte');
  assert.deepEqual(sameColumns(dicom), sameColumns(png));
  return images;
}

/** A few small images and their metadata. */
function smallSources(bench: Bench): Sources {
  const names = DICOM_KINDS.map((_, index) => `0000000${index + 1}_000.png`);
  for (const [seed, name] of names.entries())
    bench.write(`png/${name}`, grayPng(80 + seed, 70 + 9 * seed, seed));
  const metadata = bench.write('entries.csv', dataEntry(names.map((name, index) => entry(name, index + 1))));
  return {images: join(bench.folder, 'png'), metadata, kinds: DICOM_KINDS, size: 64};
}

describe('a folder of DICOM files', () => {
  it('gives the same training cache as the equivalent PNG files, and nobody’s name is in it', () =>
    withBench(async (bench) => {
      const finished = await both(bench, smallSources(bench));
      assert.equal(assertSameCache(finished), DICOM_KINDS.length);
      const {path} = finished.dicom.artifact;
      for (const name of readdirSync(path)) {
        const bytes = readFileSync(join(path, name)).toString('latin1');
        assert.ok(!/Prefect|BETELGEUSE|042Y/.test(bytes), name);
      }
      const {dicom_decoders: decoders} = factsOf(finished.dicom);
      assert.match(String(decoders), /^pydicom [\d.]+, gdcm [\d.]+$/);
      assert.equal('dicom_decoders' in factsOf(finished.png), false);
      const text = `DICOM files were decoded by ${decoders}`;
      assert.ok(finished.dicom.news.some((news) => news.type === 'stage-note' && news.text === text));
      assert.match(finished.dicom.read('notes.csv'), /^00000006_000\.png,"MONOCHROME1, 8 bits, Explicit VR/m);
    }));

  it('gives the same training cache as the real radiographs that it was made of', async function () {
    needsRealData(this, join(NIH, 'images'), NIH_METADATA);
    this.timeout(600_000);
    await withBench(async (bench) => {
      const images = join(NIH, 'images');
      const finished = await both(bench, {images, metadata: NIH_METADATA, kinds: QUICK_KINDS, size: 256});
      assert.equal(assertSameCache(finished), readdirSync(images).length);
    });
  });

  it('is refused once, and not file by file, by a Python that cannot read it', () =>
    withBench(async (bench) => {
      const names = ['00000001_000', '00000002_000'];
      for (const name of names) bench.write(`dcm/${name}.dcm`, `${'\0'.repeat(128)}DICM`);
      const metadata = bench.write(
        'entries.csv',
        dataEntry(names.map((name, i) => entry(`${name}.png`, i + 1))),
      );
      const dataset = await bench.run(acquire, {images: join(bench.folder, 'dcm'), metadata});
      const {executable, sources} = await pythonTool();
      const bare = bench.write('bare', `#!/bin/sh\nexec ${executable} -S "$@"\n`);
      chmodSync(bare, 0o755);
      const python = async () => ({ok: true, value: {executable: bare, sources}}) as const;
      const {result} = await bench.run(preprocess, {size: 64}, {needs: [dataset.artifact], python});
      assert.deepEqual(result, {
        ok: false,
        error: {
          reason: 'environment',
          message: 'DICOM files need Python packages that are not there: numpy, pydicom, gdcm',
          hint: `${executable} -m pip install numpy 'pydicom>=3' python-gdcm`,
        },
      });
    }));
});
