import assert from 'node:assert/strict';
import {createHash} from 'node:crypto';
import {appendFileSync, readFileSync, rmSync, truncateSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {acquire} from '../../pipeline/stages/acquire/stage.js';
import {perceptualHash} from '../../pipeline/stages/preprocess/phash.js';
import {preprocess} from '../../pipeline/stages/preprocess/stage.js';
import {imagesOf} from './array.js';
import {dataEntry, datasetOf, entry} from './data.js';
import {grayPicture, grayPng} from './png-maker.js';
import {digestOf, killAfterSome, manyPngs, preprocessed} from './preprocess-rig.js';
import {factsOf, faultsOf, spelledOut, withBench} from './rig.js';

describe('preprocess', () => {
  it('decodes every row filter, in widths and heights that are no multiple of anything', () =>
    withBench(async (bench) => {
      const images = Object.fromEntries(
        [64, 65, 79, 80, 81, 127].map((side, seed) => [`${side}.png`, grayPng(side, side, seed)]),
      );
      const dataset = await datasetOf(bench, images);
      for (const [seed, side] of [64, 65, 79, 80, 81, 127].entries()) {
        const finished = await bench.run(preprocess, {size: side}, {needs: [dataset.artifact]});
        factsOf(finished);
        const gray = grayPicture(seed);
        const expected = Buffer.from(
          Array.from({length: side * side}, (_, place) => gray(place % side, Math.floor(place / side))),
        );
        assert.ok(imagesOf(finished).rows[seed]!.equals(expected), `${side} pixels`);
      }
    }));

  it('writes one array with an index in the order of the metadata', () =>
    withBench(async (bench) => {
      const dataset = await datasetOf(bench, {'b.png': grayPng(64, 64, 1), 'a.png': grayPng(64, 32, 2)});
      const finished = await preprocessed(bench, dataset);
      const facts = factsOf(finished);
      assert.deepEqual(facts, {
        ...{images: 2, quarantined: 0, stretched: 1, not_gray: 0, interlaced: 0, modes: {L: 2}},
        ...{size: 64, decoded: 2, taken_over: 0},
      });
      const array = imagesOf(finished);
      assert.deepEqual(array.shape, [2, 64, 64]);
      const [header, first, second] = finished.read('index.csv').split('\n') as [string, string, string];
      assert.equal(header, 'row,image,sha256,bytes,width,height,mode,mean,phash');
      const mean = array.rows[0]!.reduce((sum, pixel) => sum + pixel, 0) / 4096;
      const sha256 = createHash('sha256')
        .update(grayPng(64, 64, 1))
        .digest('hex');
      const bytes = grayPng(64, 64, 1).length;
      const hash = perceptualHash(array.rows[0]!, 64);
      assert.equal(first, `0,b.png,${sha256},${bytes},64,64,L,${Number(mean.toFixed(3))},${hash}`);
      assert.match(second, /^1,a\.png,[0-9a-f]{64},\d+,64,32,L,[\d.]+,[0-9a-f]{16}$/);
      assert.equal(finished.read('notes.csv'), 'image,notes\n');
      assert.equal(finished.read('quarantine.csv'), 'image,reason\n');
    }));

  it('makes the same bytes with one thread and with three', () =>
    withBench(async (bench) => {
      const dataset = await datasetOf(bench, manyPngs(20));
      const one = await preprocessed(bench, dataset, {concurrency: 1});
      const three = await preprocessed(bench, dataset, {concurrency: 3});
      assert.equal(digestOf(one), digestOf(three));
    }));

  it('fails with the first unreadable images and their number, and names the whole list', () =>
    withBench(async (bench) => {
      const bad = Object.fromEntries(
        Array.from({length: 12}, (_, index) => [`${index}.png`, Buffer.from('?')]),
      );
      const dataset = await datasetOf(bench, {...bad, 'good.png': grayPng(64, 64, 1)});
      const finished = await preprocessed(bench, dataset);
      const list = join(finished.resume, 'quarantine.csv');
      assert.deepEqual(spelledOut(faultsOf(finished)), [
        ...Array.from({length: 10}, (_, index) => `- ${index}.png is not a PNG file but text`),
        `- 12 of 13 images cannot be used, 0 may be left out | replace them, or set allow_unreadable: 12 to go on without; the list is in ${list}`,
      ]);
      assert.equal(readFileSync(list, 'utf8').split('\n').length, 14);
    }));

  it('leaves as many out as are allowed, and says so', () =>
    withBench(async (bench) => {
      const files = {'a.png': grayPng(64, 64, 1), 'b.png': Buffer.alloc(0), 'c.png': grayPng(64, 64, 2)};
      const dataset = await datasetOf(bench, files);
      const needs = [dataset.artifact];
      const finished = await bench.run(preprocess, {size: 64, allow_unreadable: 1}, {needs});
      assert.deepEqual(factsOf(finished)['quarantined'], 1);
      assert.equal(finished.read('quarantine.csv'), 'image,reason\nb.png,is empty (zero bytes)\n');
      const whole = await preprocessed(
        bench,
        await datasetOf(bench, {'a.png': files['a.png'], 'c.png': files['c.png']}),
      );
      assert.deepEqual(imagesOf(finished), imagesOf(whole));
      assert.match(finished.read('index.csv'), /\n0,a\.png,.*\n1,c\.png,/);
      const notes = finished.news.filter((news) => news.type === 'stage-note');
      assert.deepEqual(notes, [{type: 'stage-note', level: 'warning', text: 'b.png is empty (zero bytes)'}]);
    }));

  it('fails when an image has changed or gone since the data set was made', () =>
    withBench(async (bench) => {
      const dataset = await datasetOf(bench, manyPngs(2));
      const other = grayPng(96, 96, 7);
      bench.write('images/1.png', other);
      assert.deepEqual(spelledOut(faultsOf(await preprocessed(bench, dataset))), [
        '- 1.png has another size since the data set was taken stock of | run again: the data set is then looked at anew',
      ]);
      bench.write('images/1.png', flipByte(grayPng(96, 96, 1), 60));
      assert.deepEqual(spelledOut(faultsOf(await preprocessed(bench, dataset))), [
        '- 1.png has another content since the data set was taken stock of | run again: the data set is then looked at anew',
      ]);
      rmSync(join(bench.folder, 'images/1.png'));
      assert.deepEqual(spelledOut(faultsOf(await preprocessed(bench, dataset))), [
        '- 1.png is gone since the data set was taken stock of | run again: the data set is then looked at anew',
      ]);
    }));

  it('refuses a data set of tables alone', () =>
    withBench(async (bench) => {
      const metadata = bench.write('entries.csv', dataEntry([entry('00000001_000.png', 1)]));
      const dataset = await bench.run(acquire, {metadata});
      assert.deepEqual(spelledOut(faultsOf(await preprocessed(bench, dataset))), [
        '- the data set has no image at hand, only its tables | name a folder or archives with images as `images` of the stage that makes it',
      ]);
    }));

  it('tells of its progress, the last image included', () =>
    withBench(async (bench) => {
      const finished = await preprocessed(bench, await datasetOf(bench, manyPngs(10)));
      assert.deepEqual(finished.news[0], {type: 'stage-progress', done: 0, total: 10, unit: 'images'});
      assert.deepEqual(finished.news.at(-1), {type: 'stage-progress', done: 10, total: 10, unit: 'images'});
    }));
});

describe('preprocess, interrupted', () => {
  it('goes on after a SIGKILL with the images that are missing, to the same bytes', () =>
    withBench(async (bench) => {
      const dataset = await datasetOf(bench, manyPngs(150, {side: 160}));
      const undisturbed = await preprocessed(bench, dataset);
      const resume = join(bench.folder, 'kept');
      bench.write('kept/.keep', '');
      let last = 0;
      for (let kill = 0; kill < 3; kill++) {
        const out = join(bench.folder, `killed-${kill}`);
        last = await killAfterSome(last, {dataset: dataset.artifact, out, resume, params: {size: 64}});
      }
      const finished = await preprocessed(bench, dataset, {resume});
      const decoded = Number(factsOf(finished)['decoded']);
      assert.ok(decoded <= 150 - last, `${decoded} decoded after ${last} were done`);
      assert.equal(digestOf(finished), digestOf(undisturbed));
    }));

  it('stops at once when it is told to, and goes on later', () =>
    withBench(async (bench) => {
      const dataset = await datasetOf(bench, manyPngs(100, {side: 128}));
      const resume = join(bench.folder, 'kept');
      bench.write('kept/.keep', '');
      const abort = new AbortController();
      const onNews = (): void => abort.abort(new Error('enough'));
      await assert.rejects(preprocessed(bench, dataset, {resume, signal: abort.signal, onNews}), /enough/);
      factsOf(await preprocessed(bench, dataset, {resume}));
    }));

  it('decodes nothing again when all was done', () =>
    withBench(async (bench) => {
      const dataset = await datasetOf(bench, manyPngs(5));
      const first = await preprocessed(bench, dataset);
      const again = await preprocessed(bench, dataset, {resume: first.resume});
      assert.equal(factsOf(again)['decoded'], 0);
      assert.equal(digestOf(again), digestOf(first));
    }));

  it('decodes again what the disk lost: damaged pixels, half a line, a short file', () =>
    withBench(async (bench) => {
      const dataset = await datasetOf(bench, manyPngs(5));
      const first = await preprocessed(bench, dataset);
      const whole = digestOf(first);
      const [pixels, journal] = [join(first.resume, 'images.npy'), join(first.resume, 'rows.ndjson')];
      const damage: Record<string, [damage: () => void, decoded: number]> = {
        'half a line': [() => truncateSync(journal, readFileSync(journal).length - 20), 1],
        pixels: [() => writeFileSync(pixels, flipByte(readFileSync(pixels), 128 + 2 * 4096)), 1],
        'a short file': [() => truncateSync(pixels, 5000), 5],
        'another size': [() => appendFileSync(pixels, '?'), 5],
      };
      for (const [what, [harm, decoded]] of Object.entries(damage)) {
        harm();
        const again = await preprocessed(bench, dataset, {resume: first.resume});
        assert.equal(factsOf(again)['decoded'], decoded, what);
        assert.equal(digestOf(again), whole, what);
      }
    }));
});

function flipByte(bytes: Buffer, place: number): Buffer {
  bytes[place]! ^= 255;
  return bytes;
}
