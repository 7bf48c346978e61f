import assert from 'node:assert/strict';
import {createHash} from 'node:crypto';
import {symlinkSync} from 'node:fs';
import {join} from 'node:path';
import type {Digest} from '../../pipeline/model/identity.js';
import {acquire} from '../../pipeline/stages/acquire/stage.js';
import {readInventory} from '../../pipeline/stages/dataset.js';
import {dataEntry, entry} from './data.js';
import {grayPng} from './png-maker.js';
import {type Bench, factsOf, faultsOf, NIH_METADATA, needsRealData, spelledOut, withBench} from './rig.js';

const png = (seed: number): Buffer => grayPng(20, 20, seed);
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Begins as a DICOM file does. */
const DICOM = Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), Buffer.alloc(300, 3)]);

function metadataOf(bench: Bench, names: readonly string[]): string {
  return bench.write('entries.csv', dataEntry(names.map((name, index) => entry(name, index + 1))));
}

describe('acquire from folders', () => {
  it('takes the digests of the fingerprint and reads only how a file begins', () =>
    withBench(async (bench) => {
      bench.write('images/a.png', png(1));
      bench.write('images/deep/b.png', png(2));
      const given = 'f'.repeat(64) as Digest;
      const images = join(bench.folder, 'images');
      const digests = (path: string) => new Map(path === images ? [['a.png', given]] : []);
      const finished = await bench.run(
        acquire,
        {images, metadata: metadataOf(bench, ['a.png', 'b.png'])},
        {digests},
      );
      const rows = readInventory(finished.artifact, null);
      assert.deepEqual(
        rows.map((row) => [row.sha256, row.bytes, row.width, row.mode]),
        [
          [given, png(1).length, 20, 'L'],
          [sha256(png(2)), png(2).length, 20, 'L'],
        ],
      );
    }));

  it('matches DICOM files with the names of the metadata, and tells them by their content', () =>
    withBench(async (bench) => {
      bench.write('images/1_0.dcm', DICOM);
      bench.write('images/2_0.DICOM', DICOM.subarray(0, 200));
      bench.write('images/3_0', DICOM);
      bench.write('images/4_0.dcm', png(4));
      bench.write('images/5_0.dcm', Buffer.from('no image'));
      bench.write('images/6_0', Buffer.from('something else'));
      for (const name of ['README', 'LICENSE', 'notes.txt', 'unknown.dcm'])
        bench.write(`images/${name}`, 'x');
      const names = [1, 2, 3, 4, 5, 6, 7].map((number) => `${number}_0.png`);
      const finished = await bench.run(acquire, {
        images: join(bench.folder, 'images'),
        metadata: metadataOf(bench, names),
      });
      const rows = readInventory(finished.artifact, null);
      assert.deepEqual(
        rows.map((row) => [row.image, row.width, row.mode]),
        [
          ['1_0.png', null, 'DICOM'],
          ['2_0.png', null, 'DICOM'],
          ['3_0.png', null, 'DICOM'],
          ['4_0.png', 20, 'L'],
          ['5_0.png', null, null],
          ['6_0.png', null, null],
        ],
      );
      assert.equal(
        finished.read('unreadable.csv'),
        'image,path,reason\n5_0.png,5_0.dcm,is not a DICOM file but text\n6_0.png,6_0,is not a DICOM file but text\n',
      );
      assert.equal(finished.read('extra.csv'), 'image,path\nunknown.dcm,unknown.dcm\n');
      const {files, verification} = finished.json('data-card.json') as Record<
        string,
        Record<string, unknown>
      >;
      assert.deepEqual(files!['modes'], {DICOM: 3, L: 1});
      assert.deepEqual(files!['sizes'], {'20x20': 1});
      assert.deepEqual(verification, {missing: 1, extra: 1, unreadable: 2, duplicate_groups: 1});
      assert.match(
        finished.read('duplicates.csv'),
        /^sha256,image,images\n[0-9a-f]{64},1_0\.png,3_0\.png\n$/,
      );
    }));

  it('matches DICOM files that are named by their identifier, and lists those of no row', () =>
    withBench(async (bench) => {
      bench.write('images/1.2.840.113619.2.5', DICOM);
      bench.write('images/1.2.840.113619.2.6', DICOM);
      const finished = await bench.run(acquire, {
        images: join(bench.folder, 'images'),
        metadata: metadataOf(bench, ['1.2.840.113619.2.5.png']),
      });
      const [row] = readInventory(finished.artifact, null);
      assert.deepEqual([row?.image, row?.mode], ['1.2.840.113619.2.5.png', 'DICOM']);
      assert.equal(finished.read('extra.csv'), 'image,path\n1.2.840.113619.2.6,1.2.840.113619.2.6\n');
    }));

  it('does not know which is meant when a PNG and a DICOM file have one name', () =>
    withBench(async (bench) => {
      bench.write('images/a.dcm', DICOM);
      bench.write('images/a.png', png(1));
      const finished = await bench.run(acquire, {
        images: join(bench.folder, 'images'),
        metadata: metadataOf(bench, ['a.png']),
      });
      assert.deepEqual(spelledOut(faultsOf(finished)), [
        '- a.png is there twice, and the two differ | a.dcm and a.png: keep one of them',
      ]);
    }));

  it('takes several folders in their order, and leaves out what is hidden', () =>
    withBench(async (bench) => {
      bench.write('one/images_001/images/a.png', png(1));
      bench.write('one/.ipynb_checkpoints/b.png', png(2));
      bench.write('one/._a.png', png(2));
      bench.write('two/a.png', png(1));
      bench.write('two/b.png', png(3));
      symlinkSync(join(bench.folder, 'two'), join(bench.folder, 'one/loop'));
      symlinkSync(join(bench.folder, 'one'), join(bench.folder, 'two/back'));
      const images = ['one', 'two'].map((name) => join(bench.folder, name));
      const finished = await bench.run(acquire, {images, metadata: metadataOf(bench, ['a.png', 'b.png'])});
      assert.deepEqual(
        readInventory(finished.artifact, null).map(({source}) =>
          source.kind === 'file' ? source.path.slice(bench.folder.length) : '',
        ),
        ['/one/images_001/images/a.png', '/one/loop/b.png'],
      );
      assert.match(finished.read('inventory.csv'), /,0,,images_001\/images\/a\.png\n.*,0,,loop\/b\.png\n$/);
    }));

  it('refuses names that a spreadsheet or a terminal would take for something else', () =>
    withBench(async (bench) => {
      for (const name of ['@x.png', '-1.png', '+dir/c.png', 'a\u202egnp.png', 'b\u0007.png', 'תמונה.png']) {
        bench.write(`images/${name}`, png(1));
      }
      const finished = await bench.run(acquire, {
        images: join(bench.folder, 'images'),
        metadata: metadataOf(bench, ['תמונה.png', 'c.png']),
      });
      assert.equal(factsOf(finished)['images'], 1);
      assert.deepEqual(finished.read('refused.csv').split('\n').slice(1, -1), [
        ',"""-1.png""","begins with -, which spreadsheets take for a formula"',
        ',"""@x.png""","begins with @, which spreadsheets take for a formula"',
        ',a\\u202egnp.png,has characters that cannot be seen',
        ',b\\u0007.png,has characters that cannot be seen',
        ',"""+dir/c.png""","begins with +, which spreadsheets take for a formula"',
      ]);
      assert.match(finished.read('inventory.csv'), /\nתמונה\.png,/);
    }));
});

describe('acquire from tables alone', () => {
  it('has all rows and no image', () =>
    withBench(async (bench) => {
      const metadata = metadataOf(bench, ['a.png', 'b.png']);
      const boxes = bench.write(
        'boxes.csv',
        'Image Index,Finding Label,Bbox [x,y,w,h],,,\na.png,Mass,1,2,3,4\n',
      );
      for (const images of [undefined, []]) {
        const params = images === undefined ? {metadata, boxes} : {metadata, boxes, images};
        const finished = await bench.run(acquire, params);
        assert.deepEqual(factsOf(finished), {
          images: 0,
          of: 2,
          patients: 2,
          labels: 'other',
          rows_without_image: 2,
          images_without_row: 0,
        });
        assert.equal(finished.read('metadata.csv').split('\n').length, 4);
        assert.equal(finished.read('boxes.csv').split('\n').length, 3);
        assert.equal(
          finished.read('inventory.csv'),
          'image,sha256,bytes,width,height,mode,root,archive,path\n',
        );
        const card = finished.json('data-card.json');
        assert.deepEqual([card['images'], card['images_at_hand'], card['of']], [2, 0, 2]);
        assert.deepEqual([card['sources'], card['dropped']], [[], []]);
      }
    }));

  it('credits the publisher of ChestX-ray14 for images that are named as those are, and for no others', () =>
    withBench(async (bench) => {
      const card = async (names: readonly string[]) =>
        (await bench.run(acquire, {metadata: metadataOf(bench, names)})).json('data-card.json');
      const published = await card(['00000001_000.png', '00000002_000.png']);
      assert.match(JSON.stringify(published['credit']), /NIH Clinical Center/);
      assert.equal(published['of'], 112_120);
      const other = await card(['clinicA-1.png', 'clinicA-2.png']);
      assert.deepEqual([other['credit'], other['of']], [null, 2]);
      assert.match(JSON.stringify(other['labels']), /not named as those of ChestX-ray14/);
    }));

  it('knows the state of the labels of the whole metadata, and counts findings seen together', async function () {
    needsRealData(this, NIH_METADATA);
    await withBench(async (bench) => {
      const finished = await bench.run(acquire, {metadata: NIH_METADATA});
      const card = finished.json('data-card.json') as {
        labels: {state: string};
        co_occurrence: number[][];
        findings: Record<string, {images: number}>;
      };
      assert.equal(card.labels.state, 'C');
      const counts = Object.values(card.findings).map(({images}) => images);
      assert.deepEqual(
        card.co_occurrence.map((row, index) => row[index]),
        counts,
      );
      for (const [one, row] of card.co_occurrence.entries()) {
        for (const [other, count] of row.entries()) assert.equal(count, card.co_occurrence[other]![one]);
      }
    });
  });
});

describe('the labels of radiologists', () => {
  const HEADER =
    'Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y],Fracture,Pneumothorax,Airspace opacity,Nodule or mass,Set Id';
  const row = (image: string, answers: string): string =>
    `${image},No Finding,0,1,58,M,PA,2682,2749,0.143,0.143,${answers}`;

  it('are kept for the images at hand', () =>
    withBench(async (bench) => {
      bench.write('images/a.png', png(1));
      const adjudicated = bench.write(
        'experts.csv',
        `${[HEADER, row('a.png', 'NO,YES,NO,NO,test'), row('b.png', 'NO,NO,NO,NO,val')].join('\n')}\n`,
      );
      const metadata = metadataOf(bench, ['a.png', 'b.png']);
      const finished = await bench.run(acquire, {
        images: join(bench.folder, 'images'),
        metadata,
        adjudicated,
      });
      assert.equal(
        finished.read('adjudicated.csv'),
        'image,fracture,pneumothorax,airspace_opacity,nodule_or_mass,set\na.png,no,yes,no,no,test\n',
      );
      assert.deepEqual(finished.json('data-card.json')['adjudicated'], {images: 1, of: 2});
    }));

  it('are refused with every fault at its place', () =>
    withBench(async (bench) => {
      const adjudicated = bench.write(
        'experts.csv',
        `${[HEADER, row('a.png', 'NO,maybe,NO,NO,test'), row('a.png', 'NO,NO,NO,NO,4'), row('', 'NO,NO')].join('\n')}\n`,
      );
      const finished = await bench.run(acquire, {metadata: metadataOf(bench, ['a.png']), adjudicated});
      assert.deepEqual(spelledOut(faultsOf(finished)), [
        '2:55+5 "maybe" is no answer | write YES or NO',
        '3:64+1 "4" is no part of the study | write val or test',
        '3:1+5 a.png is there twice | every image has one row (first here 2:1+5)',
        '4:1+51 this row has too few cells | is a comma missing, or the line cut off?',
      ]);
    }));

  it('are read as they were published', async function () {
    const real = join(NIH_METADATA, '../google2019_nih-chest-xray-labels.csv.gz');
    needsRealData(this, NIH_METADATA, real);
    await withBench(async (bench) => {
      const finished = await bench.run(acquire, {metadata: NIH_METADATA, adjudicated: real});
      assert.deepEqual(finished.json('data-card.json')['adjudicated'], {images: 4376, of: 4376});
    });
  });
});
