import assert from 'node:assert/strict';
import {symlinkSync} from 'node:fs';
import {join} from 'node:path';
import {acquire} from '../../pipeline/stages/acquire/stage.js';
import {readInventory, readMetadata} from '../../pipeline/stages/dataset.js';
import {synthesize} from '../../pipeline/stages/synthesize/stage.js';
import {dataEntry, datasetOf, entry} from './data.js';
import {grayPng, makePng} from './png-maker.js';
import {factsOf, faultsOf, NIH, NIH_METADATA, needsRealData, spelledOut, withBench} from './rig.js';

const PNG = grayPng(20, 20, 1);

describe('acquire', () => {
  it('takes stock of the images and keeps the order of the metadata', () =>
    withBench(async (bench) => {
      bench.write('images/00000002_000.png', PNG);
      bench.write('images/deep/er/00000001_001.png', grayPng(30, 20, 2));
      bench.write('images/00000001_000.png', Buffer.from('no image'));
      const metadata = bench.write(
        'entries.csv',
        dataEntry([
          '00000002_000.png,Hernia|Atelectasis,3,2,058Y,M,PA,2682,2749,0.143,0.143,',
          '00000001_000.png,No Finding,0,1,006M,F,AP,2682,2749,0.143,0.143,',
          '00000001_001.png,Pleural_Thickening,1,00001,365D,F,AP,2682,2749,0.143,0.143,',
        ]),
      );
      const finished = await bench.run(acquire, {images: join(bench.folder, 'images'), metadata});
      const facts = factsOf(finished);
      assert.deepEqual([facts['images'], facts['patients'], facts['rows_without_image']], [3, 2, 0]);
      assert.equal(
        finished.read('metadata.csv'),
        'image,patient,age,sex,view,follow_up,findings\n' +
          '00000002_000.png,2,58,M,PA,3,Atelectasis|Hernia\n' +
          '00000001_000.png,1,0.5,F,AP,0,\n' +
          '00000001_001.png,1,0.999,F,AP,1,Pleural_Thickening\n',
      );
      const rows = finished.read('inventory.csv').split('\n');
      assert.equal(rows[0], 'image,sha256,bytes,width,height,mode,root,archive,path');
      assert.match(rows[1]!, /^00000002_000.png,[0-9a-f]{64},\d+,20,20,L,0,,00000002_000.png$/);
      assert.match(rows[2]!, /^00000001_000.png,[0-9a-f]{64},8,,,,0,,00000001_000.png$/);
      assert.match(rows[3]!, /^00000001_001.png,[0-9a-f]{64},\d+,30,20,L,0,,deep\/er\/00000001_001.png$/);
      assert.equal(readInventory(finished.artifact, null).length, 3);
      assert.equal(readMetadata(finished.artifact)[1]!.age, 0.5);
      const card = finished.json('data-card.json') as {
        files: {not_square: number; without_png_header: number};
      };
      assert.deepEqual([card.files.not_square, card.files.without_png_header], [1, 1]);
    }));

  it('counts and lists rows without image and images without row', () =>
    withBench(async (bench) => {
      for (const name of ['a.png', 'sub/x.png']) bench.write(`images/${name}`, PNG);
      const metadata = bench.write('entries.csv', dataEntry([entry('a.png', 1), entry('b.png', 2)]));
      const finished = await bench.run(acquire, {images: join(bench.folder, 'images'), metadata});
      const facts = factsOf(finished);
      assert.deepEqual([facts['rows_without_image'], facts['images_without_row']], [1, 1]);
      assert.equal(finished.read('missing.csv'), 'image\nb.png\n');
      assert.equal(finished.read('extra.csv'), 'image,path\nx.png,sub/x.png\n');
    }));

  it('says both places when no image matches', () =>
    withBench(async (bench) => {
      bench.write('images/x.png', PNG);
      const metadata = bench.write('entries.csv', dataEntry([entry('a.png', 1)]));
      const finished = await bench.run(acquire, {images: join(bench.folder, 'images'), metadata});
      assert.deepEqual(spelledOut(faultsOf(finished), bench.folder), [
        '- none of the 1 image named in entries.csv is among the 1 image in images | ' +
          'do both belong to the same data set? files are matched by their name',
      ]);
    }));

  it('uses the first of equal files with the same name, and refuses others that differ', () =>
    withBench(async (bench) => {
      for (const name of ['one/a.png', 'two/a.png']) bench.write(`images/${name}`, PNG);
      const metadata = bench.write('entries.csv', dataEntry([entry('a.png', 1)]));
      const equal = await bench.run(acquire, {images: join(bench.folder, 'images'), metadata});
      assert.match(equal.read('inventory.csv'), /,0,,one\/a.png\n$/);
      const {dropped} = equal.json('data-card.json');
      assert.deepEqual(dropped, [{reason: 'copy of an image from another place', images: 1}]);
      bench.write('images/two/a.png', grayPng(20, 20, 2));
      const differing = await bench.run(acquire, {images: join(bench.folder, 'images'), metadata});
      assert.deepEqual(spelledOut(faultsOf(differing), bench.folder), [
        '- a.png is there twice, and the two differ | one/a.png and two/a.png: keep one of them',
      ]);
    }));

  it('follows links, also one that leads back', () =>
    withBench(async (bench) => {
      bench.write('elsewhere/a.png', PNG);
      bench.write('images/readme.txt', 'x');
      symlinkSync(join(bench.folder, 'elsewhere'), join(bench.folder, 'images/link'));
      symlinkSync(join(bench.folder, 'images'), join(bench.folder, 'elsewhere/back'));
      const metadata = bench.write('entries.csv', dataEntry([entry('a.png', 1)]));
      const finished = await bench.run(acquire, {images: join(bench.folder, 'images'), metadata});
      assert.equal(factsOf(finished)['images'], 1);
    }));

  it('keeps the boxes of the images at hand and calls an infiltrate an infiltration', () =>
    withBench(async (bench) => {
      bench.write('images/a.png', PNG);
      const metadata = bench.write('entries.csv', dataEntry([entry('a.png', 1, 'Infiltration')]));
      const boxes = bench.write(
        'boxes.csv',
        'Image Index,Finding Label,Bbox [x,y,w,h],,,\na.png,Infiltrate,225.08,547.0,86.75,79.5\nb.png,Mass,1,2,3,4\n',
      );
      const finished = await bench.run(acquire, {images: join(bench.folder, 'images'), metadata, boxes});
      assert.equal(
        finished.read('boxes.csv'),
        'image,finding,x,y,width,height\na.png,Infiltration,225.08,547,86.75,79.5\n',
      );
    }));

  it('notes the modes of odd images', () =>
    withBench(async (bench) => {
      const pixel = (): number[] => [1, 2, 3, 4];
      const dataset = await datasetOf(bench, {
        'a.png': makePng({width: 9, height: 9, colourType: 6, depth: 8, pixel}),
        'b.png': makePng({width: 9, height: 9, colourType: 0, depth: 16, interlaced: true, pixel: () => [9]}),
        'c.png': makePng({
          width: 9,
          height: 9,
          colourType: 3,
          depth: 2,
          palette: [[1, 1, 1]],
          pixel: () => [0],
        }),
      });
      const card = dataset.json('data-card.json') as {files: {modes: object; interlaced: number}};
      assert.deepEqual(card.files.modes, {L16: 1, P: 1, RGBA: 1});
      assert.equal(card.files.interlaced, 1);
    }));

  it('reads back what synthesize publishes as the same data set', () =>
    withBench(async (bench) => {
      const made = await bench.run(synthesize, {images: 12, seed: 3, size: 256});
      const {path} = made.artifact;
      const taken = await bench.run(acquire, {
        images: join(path, 'images'),
        metadata: join(path, 'Data_Entry_2017.csv'),
        boxes: join(path, 'BBox_List_2017.csv'),
      });
      assert.equal(factsOf(taken)['images'], 12);
      assert.equal(taken.read('metadata.csv'), made.read('metadata.csv'));
      assert.equal(taken.read('boxes.csv'), made.read('boxes.csv'));
      assert.equal(
        taken.read('inventory.csv').replaceAll(',0,,', ',-1,,images/'),
        made.read('inventory.csv'),
      );
    }));

  it('stops when it is told to', () =>
    withBench(async (bench) => {
      bench.write('images/a.png', PNG);
      const metadata = bench.write('entries.csv', dataEntry([entry('a.png', 1)]));
      const signal = AbortSignal.abort(new Error('enough'));
      const run = bench.run(acquire, {images: join(bench.folder, 'images'), metadata}, {signal});
      await assert.rejects(run, /enough/);
    }));

  it('knows the release of the real metadata and finds the real radiographs', async function () {
    needsRealData(this, join(NIH, 'images'), NIH_METADATA);
    await withBench(async (bench) => {
      const finished = await bench.run(acquire, {images: join(NIH, 'images'), metadata: NIH_METADATA});
      const facts = factsOf(finished) as {
        images: number;
        labels: {state: string};
        rows_without_image: number;
      };
      assert.equal(facts.labels, 'C');
      assert.equal(facts.images + facts.rows_without_image, 112_120);
    });
  });
});
