import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {existsSync, readdirSync} from 'node:fs';
import {join} from 'node:path';
import {gzipSync} from 'node:zlib';
import {acquire} from '../../pipeline/stages/acquire/stage.js';
import {grayPng} from './png-maker.js';
import {artifactRef, type Finished, factsOf, faultsOf, spelledOut, withBench} from './rig.js';
import {hash, metadataOf, readImages} from './taken.js';
import {type Member, makeTar} from './tar-maker.js';

const png = (seed: number): Buffer => grayPng(20, 20, seed);
const member = (name: string, seed: number): Member => ({name, content: png(seed)});

/** An archive with these members; a number is the seed of a picture. */
function archive(members: Readonly<Record<string, number>>): Buffer {
  return gzipSync(makeTar(Object.entries(members).map(([name, seed]) => member(name, seed))));
}

/** The last three columns of inventory.csv: `image: root archive path`. */
function placesOf(finished: Finished): readonly string[] {
  const rows = finished.read('inventory.csv').trimEnd().split('\n').slice(1);
  return rows.map((row) => {
    const cells = row.split(',');
    return `${cells[0]}: ${cells.slice(6).join(' ')}`;
  });
}

const SIX = ['a.png', 'b.png', 'c.png', 'd.png', 'e.png', 'f.png'];

describe('acquire from archives', () => {
  it('finds images in archives that are named, lie in folders or were downloaded, beside plain files', () =>
    withBench(async (bench) => {
      const {folder} = bench;
      bench.write('one.tar.gz', archive({'./images/a.png': 1}));
      bench.write('folder/deep/two.tgz', archive({'b.png': 2}));
      bench.write('folder/deep/c.png', png(3));
      bench.write('folder/.hidden.tar.gz', Buffer.from('no archive'));
      bench.write('more/images_001/images/d.png', png(4));
      bench.write('downloaded/images_02.tar.gz', archive({'images/e.png': 5, 'images/x.png': 9}));
      bench.write('downloaded/archives.csv', 'archive,sha256,bytes\n');
      const archives = {...artifactRef(acquire, join(folder, 'downloaded'), {}), type: 'archives'} as const;
      const images = ['one.tar.gz', 'folder', 'more'].map((name) => join(folder, name));
      const finished = await bench.run(
        acquire,
        {images, metadata: metadataOf(bench, SIX)},
        {needs: [archives]},
      );
      assert.equal(factsOf(finished)['images'], 5);
      assert.deepEqual(placesOf(finished), [
        'a.png: 0 one.tar.gz images/a.png',
        'b.png: 1 deep/two.tgz b.png',
        'c.png: 1  deep/c.png',
        'd.png: 2  images_001/images/d.png',
        'e.png: 3 images_02.tar.gz images/e.png',
      ]);
      assert.equal(finished.read('missing.csv'), 'image\nf.png\n');
      assert.equal(finished.read('extra.csv'), 'image,path\nx.png,acquire/images_02.tar.gz:images/x.png\n');
      assert.equal(Object.keys(await readImages(finished, archives)).length, 5);
      const {sources} = finished.json('data-card.json');
      assert.deepEqual(sources, [
        {kind: 'archive', name: 'one.tar.gz', images: 1},
        {kind: 'folder', name: 'folder', images: 1},
        {kind: 'archive', name: 'two.tgz', images: 1},
        {kind: 'folder', name: 'more', images: 1},
        {kind: 'download', name: 'images_02.tar.gz', images: 1},
      ]);
    }));

  it('unpacks into the artifact when it is told to', () =>
    withBench(async (bench) => {
      bench.write(
        'data/one.tar.gz',
        archive({'images/a.png': 1, 'other/a.png': 1, 'images/b.png': 2, 'x.png': 3}),
      );
      bench.write('data/c.png', png(3));
      const metadata = metadataOf(bench, SIX);
      const images = join(bench.folder, 'data');
      const packed = await bench.run(acquire, {images, metadata});
      const unpacked = await bench.run(acquire, {images, metadata, unpack: true});
      assert.deepEqual(placesOf(unpacked), [
        'a.png: -1  images/a.png',
        'b.png: -1  images/b.png',
        'c.png: 0  c.png',
      ]);
      assert.deepEqual(readdirSync(join(unpacked.artifact.path, 'images')), ['a.png', 'b.png']);
      assert.deepEqual(await readImages(unpacked), await readImages(packed));
      assert.equal(unpacked.read('data-card.json'), packed.read('data-card.json'));
      assert.deepEqual(unpacked.json('data-card.json')['dropped'], [
        {reason: 'no image at hand', images: 3},
        {reason: 'not in the metadata', images: 1},
        {reason: 'copy of an image from another place', images: 1},
      ]);
    }));

  it('names both places when an archive has another image of the same name', () =>
    withBench(async (bench) => {
      bench.write('data/one.tar.gz', archive({'images/a.png': 1}));
      bench.write('data/a.png', png(2));
      const finished = await bench.run(acquire, {
        images: join(bench.folder, 'data'),
        metadata: metadataOf(bench, SIX),
      });
      assert.deepEqual(spelledOut(faultsOf(finished)), [
        '- a.png is there twice, and the two differ | a.png and one.tar.gz:images/a.png: keep one of them',
      ]);
    }));

  it('lists what it refuses, and goes on', () =>
    withBench(async (bench) => {
      const hostile: readonly Member[] = [
        {name: '../../evil.png', content: png(1)},
        {name: 'link.png', type: '2', link: '/etc/passwd'},
        member('images/=cmd.png', 2),
        member('images/a.png', 3),
        member('images/a.png', 4),
        member('images/b\u202e.png', 4),
      ];
      bench.write('data/one.tar', makeTar(hostile));
      bench.write('data/+1.png', png(1));
      bench.write('data/-x.tar.gz', archive({'b.png': 1}));
      const names = ['a.png', 'b.png'];
      for (const unpack of [false, true]) {
        const images = join(bench.folder, 'data');
        const finished = await bench.run(acquire, {images, metadata: metadataOf(bench, names), unpack});
        assert.equal(factsOf(finished)['images'], 1);
        assert.equal(
          finished.read('refused.csv'),
          'archive,path,reason\n' +
            ',"""+1.png""","begins with +, which spreadsheets take for a formula"\n' +
            ',"""-x.tar.gz""","begins with -, which spreadsheets take for a formula"\n' +
            'one.tar,../../evil.png,leads out of the folder\n' +
            'one.tar,link.png,is a link\n' +
            'one.tar,images/=cmd.png,"begins with =, which spreadsheets take for a formula"\n' +
            'one.tar,images/a.png,is there twice: the first one counts\n' +
            'one.tar,images/b\\u202e.png,has characters that cannot be seen\n',
        );
        assert.equal((await readImages(finished))['a.png'], hash(png(3)));
        assert.equal(existsSync(join(bench.folder, 'evil.png')), false);
      }
    }));

  it('says which archives are damaged, and what to do', () =>
    withBench(async (bench) => {
      bench.write('data/one.tar.gz', archive({'images/a.png': 1, 'images/x.png': 7}));
      const second = archive({'images/b.png': 2, 'images/c.png': 3});
      bench.write('data/two.tar.gz', second.subarray(0, second.length - 30));
      bench.write('data/three.tar', 'this is no archive');
      const params = {images: join(bench.folder, 'data'), metadata: metadataOf(bench, SIX)};
      const failed = await bench.run(acquire, params);
      assert.deepEqual(spelledOut(faultsOf(failed), bench.folder), [
        '- data/three.tar is no tar archive | fetch or copy it again',
        '- data/two.tar.gz is cut off: its gzip data end too early, behind images/c.png | fetch or copy it again',
      ]);
    }));

  it('leaves DICOM files in their archives also when it unpacks: they may name patients', () =>
    withBench(async (bench) => {
      const dicom = Buffer.concat([Buffer.alloc(128), Buffer.from('DICM....Prefect^Ford')]);
      const packed = makeTar([member('images/a.png', 1), {name: 'images/b.dcm', content: dicom}]);
      bench.write('data/one.tar.gz', gzipSync(packed));
      const images = join(bench.folder, 'data');
      const metadata = metadataOf(bench, ['a.png', 'b.png']);
      const finished = await bench.run(acquire, {images, metadata, unpack: true});
      assert.deepEqual(placesOf(finished), ['a.png: -1  images/a.png', 'b.png: 0 one.tar.gz images/b.dcm']);
      assert.deepEqual(readdirSync(join(finished.artifact.path, 'images')), ['a.png']);
      assert.ok(
        finished.news.some(
          (news) =>
            news.type === 'stage-note' &&
            news.text === '1 DICOM file stays in the archives: they may name patients',
        ),
      );
      const grep = spawnSync('grep', ['-r', 'Prefect', finished.artifact.path, finished.resume]);
      assert.equal(grep.status, 1, grep.stdout.toString());
    }));

  it('warns of archives that are not as they were published', () =>
    withBench(async (bench) => {
      bench.write('data/images_01.tar.gz', archive({'images/00000001_000.png': 1}));
      bench.write(
        'data/images_002.tar.gz',
        archive({'images/00000001_001.png': 2, 'images/00003923_013.png': 3}),
      );
      const names = ['00000001_000.png', '00000001_001.png'];
      const finished = await bench.run(acquire, {
        images: join(bench.folder, 'data'),
        metadata: metadataOf(bench, names),
      });
      assert.deepEqual(finished.json('data-card.json')['warnings'], [
        'images_002.tar.gz: 1 image that is not in the published archive, the first 00000001_001',
        'images_01.tar.gz: 1 of the 4,999 published images',
      ]);
      const warnings = finished.news.filter((news) => news.type === 'stage-note');
      assert.equal(warnings.length, 1);
    }));

  it('gives the same whether archives are read one by one or together', () =>
    withBench(async (bench) => {
      for (let number = 0; number < 6; number++) {
        bench.write(`data/${number}.tar.gz`, archive({[`images/${SIX[number]}`]: number, 'images/a.png': 0}));
      }
      const params = {images: join(bench.folder, 'data'), metadata: metadataOf(bench, SIX)};
      const one = await bench.run(acquire, params, {concurrency: 1});
      const four = await bench.run(acquire, params, {concurrency: 4});
      for (const name of ['inventory.csv', 'data-card.json']) assert.equal(one.read(name), four.read(name));
      assert.equal(one.json('data-card.json')['images_at_hand'], 6);
    }));
});
