import assert from 'node:assert/strict';
import {createHash} from 'node:crypto';
import {readFileSync} from 'node:fs';
import {decode} from 'fast-png';
import {FINDINGS} from '../../pipeline/model/findings.js';
import {readInventory, readMetadata} from '../../pipeline/stages/dataset.js';
import {exponential, sineOf} from '../../pipeline/stages/synthesize/curves.js';
import {synthesize} from '../../pipeline/stages/synthesize/stage.js';
import {type Finished, factsOf, fileOf, withBench} from './rig.js';

/** Of every file but the card, in the order of their names. */
function digestOf(finished: Finished): string {
  const hash = createHash('sha256');
  for (const name of ['metadata.csv', 'boxes.csv', 'inventory.csv']) hash.update(finished.read(name));
  return hash.digest('hex');
}

describe('synthesize', () => {
  it('draws the same data set from the same seed, however many threads draw', () =>
    withBench(async (bench) => {
      const request = {images: 9, seed: 4, size: 256};
      const one = await bench.run(synthesize, request, {concurrency: 1});
      const three = await bench.run(synthesize, request, {concurrency: 3});
      const other = await bench.run(synthesize, {...request, seed: 5});
      assert.equal(digestOf(one), digestOf(three));
      assert.notEqual(digestOf(one), digestOf(other));
    }));

  it('draws the same pixels on every machine', () =>
    withBench(async (bench) => {
      const finished = await bench.run(synthesize, {images: 2, seed: 1, size: 256});
      const pixels = readInventory(finished.artifact, null).map(({source}) =>
        createHash('sha256')
          .update(decode(readFileSync(fileOf(source))).data)
          .digest('hex'),
      );
      assert.deepEqual(pixels, [
        '4c3827f4abe7f085137ac668b822023e652ab74a44df916b2eb337e55657f5a3',
        '68913cf4cc6430a879dfdf86a0cf8f23b2f1b6a1bbd08555f503bff05171c122',
      ]);
    }));

  it('has the shape of the published data set', () =>
    withBench(async (bench) => {
      const finished = await bench.run(synthesize, {images: 110, seed: 2, size: 256});
      assert.equal(factsOf(finished)['images'], 110);
      const rows = readMetadata(finished.artifact);
      const files = readInventory(finished.artifact, null);
      assert.equal(files.filter((file) => file.mode === 'RGBA').length, 1);
      assert.ok(new Set(rows.map((row) => row.patient)).size < 80);
      for (const [index, file] of files.entries()) {
        assert.equal(file.image, rows[index]!.image);
        assert.match(file.image, /^\d{8}_\d{3}\.png$/);
        assert.equal(Number(file.image.slice(0, 8)), Number(rows[index]!.patient));
        assert.deepEqual([file.width, file.height], [256, 256]);
      }
      const [header, first] = finished.read('Data_Entry_2017.csv').split('\n');
      assert.equal(header!.split(',').length, first!.split(',').length);
      assert.ok(header!.includes('OriginalImage[Width,Height]') && header!.endsWith(','));
    }));

  it('gives each finding to as many images as its prevalence says, six percent at least', () =>
    withBench(async (bench) => {
      const finished = await bench.run(synthesize, {images: 200, seed: 7, size: 256});
      const rows = readMetadata(finished.artifact);
      const counts = FINDINGS.map((name) => rows.filter((row) => row.findings.includes(name)).length);
      assert.deepEqual(counts, [20, 12, 24, 35, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12]);
    }));

  it('writes RGBA files with equal colours, full opacity and the chunks of the published ones', () =>
    withBench(async (bench) => {
      const finished = await bench.run(synthesize, {images: 60, seed: 1, size: 256});
      const odd = readInventory(finished.artifact, null).find((file) => file.mode === 'RGBA')!;
      const bytes = readFileSync(fileOf(odd.source));
      const {data, channels} = decode(bytes, {checkCrc: true});
      assert.equal(channels, 4);
      for (let place = 0; place < data.length; place += 4) {
        const [red, green, blue, alpha] = data.subarray(place, place + 4);
        if (red !== green || green !== blue || alpha !== 255) assert.fail(`pixel ${place / 4}`);
      }
      for (const type of ['sRGB', 'gAMA', 'pHYs']) assert.ok(bytes.includes(type), type);
    }));

  it('draws boxes within the frame, around what is there', () =>
    withBench(async (bench) => {
      const finished = await bench.run(synthesize, {images: 40, seed: 3, size: 512});
      const rows = new Map(readMetadata(finished.artifact).map((row) => [row.image, row]));
      const boxes = finished
        .read('boxes.csv')
        .trimEnd()
        .split('\n')
        .slice(1)
        .map((line) => line.split(','));
      assert.ok(boxes.length > 10);
      for (const [image, finding, ...numbers] of boxes) {
        const [x, y, width, height] = numbers.map(Number) as [number, number, number, number];
        assert.ok(rows.get(image!)!.findings.includes(finding as never));
        assert.ok(x >= 0 && y >= 0 && width > 8 && height > 8 && x + width <= 512.05 && y + height <= 512.05);
      }
    }));

  it('stops at once when it is told to', () =>
    withBench(async (bench) => {
      const abort = new AbortController();
      const run = bench.run(
        synthesize,
        {images: 5000},
        {signal: abort.signal, onNews: () => abort.abort(new Error('enough'))},
      );
      await assert.rejects(run, /enough/);
    }));

  it('shades with curves that are right to ten digits', () => {
    for (const x of [-16, -1, -1e-3, 0, 0.5, 8]) {
      assert.ok(Math.abs(exponential(x) / Math.exp(x) - 1) < 1e-10, `exponential of ${x}`);
    }
    for (const x of [0, 0.04, 1, 3.1, 4, 6.2]) {
      assert.ok(Math.abs(sineOf(x) - Math.sin(x)) < 1e-10, `sine of ${x}`);
    }
  });
});
