import assert from 'node:assert/strict';
import {rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {datasetOf} from './data.js';
import {grayPng} from './png-maker.js';
import {type Files, manyPngs, runAlone} from './preprocess-rig.js';
import {type Bench, withBench} from './rig.js';

/** 600 MB are promised for all 112,120 images; 20,000 have peaked at 378. */
const LIMIT_BYTES = 450e6;

type Load = Readonly<{files: Files; rows: number; size: number}>;

/** Resident memory at its peak, of a process that makes so many rows of these files, each many times under other names. */
async function peakOf(bench: Bench, {files, rows, size}: Load): Promise<number> {
  const dataset = await datasetOf(bench, files);
  const [header, ...lines] = dataset.read('inventory.csv').trimEnd().split('\n');
  const many = Array.from({length: rows}, (_, row) => {
    const line = lines[row % lines.length]!;
    return `${String(row).padStart(8, '0')}_000.png${line.slice(line.indexOf(','))}`;
  });
  writeFileSync(join(dataset.artifact.path, 'inventory.csv'), `${[header, ...many].join('\n')}\n`);
  const [out, resume] = [join(bench.folder, 'out'), join(bench.folder, 'kept')];
  bench.write('kept/.keep', '');
  const {facts, peakBytes} = await runAlone({dataset: dataset.artifact, out, resume, params: {size}});
  assert.equal(facts['decoded'], rows);
  for (const folder of [out, resume, join(bench.folder, 'images')]) rmSync(folder, {recursive: true});
  return peakBytes;
}

describe('memory of preprocess', () => {
  it('is that of a few images, also after many', async function () {
    this.timeout(300_000);
    await withBench(async (bench) => {
      const small = manyPngs(16, {side: 64});
      const many = await peakOf(bench, {files: small, rows: 20_000, size: 64});
      assert.ok(many <= LIMIT_BYTES, `20,000 small images: ${many / 1e6} MB`);
      const real = Object.fromEntries([1, 2, 3].map((seed) => [`${seed}.png`, grayPng(1024, 1024, seed)]));
      const [few, more] = [
        await peakOf(bench, {files: real, rows: 60, size: 256}),
        await peakOf(bench, {files: real, rows: 400, size: 256}),
      ];
      assert.ok(more <= LIMIT_BYTES, `400 images of real size: ${more / 1e6} MB`);
      assert.ok(more - few <= 60e6, `${(more - few) / 1e6} MB for 340 more images of real size`);
    });
  });
});
