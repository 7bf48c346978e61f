import assert from 'node:assert/strict';
import {createHash} from 'node:crypto';
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  watch,
  writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import {gzipSync} from 'node:zlib';
import {execa} from 'execa';
import type {JsonObject} from '../../pipeline/model/json.js';
import type {ArtifactRef} from '../../pipeline/model/stage-kind.js';
import {acquire} from '../../pipeline/stages/acquire/stage.js';
import {readArchive} from '../../pipeline/stages/archives/read-archive.js';
import {readInventory} from '../../pipeline/stages/dataset.js';
import {ROOT} from '../rig.js';
import type {AcquireOrder} from './acquire-process.js';
import {dataEntry, entry} from './data.js';
import {grayPng} from './png-maker.js';
import {artifactRef, type Bench, type Finished, factsOf, faultsOf, spelledOut, withBench} from './rig.js';
import {type Member, makeTar} from './tar-maker.js';

const PROCESS = join(ROOT, 'dist/test/stages/acquire-process.js');

const png = (seed: number): Buffer => grayPng(20, 20, seed);
const member = (name: string, seed: number): Member => ({name, content: png(seed)});

/** An archive with these members; a number is the seed of a picture. */
function archive(members: Readonly<Record<string, number>>): Buffer {
  return gzipSync(makeTar(Object.entries(members).map(([name, seed]) => member(name, seed))));
}

function metadataOf(bench: Bench, names: readonly string[]): string {
  return bench.write('entries.csv', dataEntry(names.map((name, index) => entry(name, index + 1))));
}

/** The last three columns of inventory.csv: `image: root archive path`. */
function placesOf(finished: Finished): readonly string[] {
  const rows = finished.read('inventory.csv').trimEnd().split('\n').slice(1);
  return rows.map((row) => {
    const cells = row.split(',');
    return `${cells[0]}: ${cells.slice(6).join(' ')}`;
  });
}

async function readImages(
  dataset: Finished,
  archives: ArtifactRef | null = null,
): Promise<Record<string, string>> {
  const images: Record<string, string> = {};
  for (const {image, sha256, source} of readInventory(dataset.artifact, archives)) {
    if (source.kind === 'file') images[image] = hash(readFileSync(source.path));
    else {
      const wants = (name: string): boolean => name === source.member;
      for await (const {bytes} of readArchive(source.archive, {
        signal: new AbortController().signal,
        wants,
      })) {
        images[image] = hash(bytes);
      }
    }
    assert.equal(images[image], sha256);
  }
  return images;
}

const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

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
      const names = ['a.png', 'b.png'];
      for (const unpack of [false, true]) {
        const images = join(bench.folder, 'data');
        const finished = await bench.run(acquire, {images, metadata: metadataOf(bench, names), unpack});
        assert.equal(factsOf(finished)['images'], 1);
        assert.equal(
          finished.read('refused.csv'),
          'archive,path,reason\n' +
            ',"""+1.png""","begins with +, which spreadsheets take for a formula"\n' +
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

  it('says which archives are damaged, and does not read the others again', () =>
    withBench(async (bench) => {
      const whole = archive({'images/a.png': 1, 'images/x.png': 7});
      const good = bench.write('data/one.tar.gz', whole);
      utimesSync(good, 1e9, 1e9);
      const second = archive({'images/b.png': 2, 'images/c.png': 3});
      bench.write('data/two.tar.gz', second.subarray(0, second.length - 30));
      bench.write('data/three.tar', 'this is no archive');
      const params = {images: join(bench.folder, 'data'), metadata: metadataOf(bench, SIX)};
      const failed = await bench.run(acquire, params);
      assert.deepEqual(spelledOut(faultsOf(failed), bench.folder), [
        '- data/three.tar is no tar archive | fetch or copy it again',
        '- data/two.tar.gz is cut off: its gzip data end too early, behind images/c.png | fetch or copy it again',
      ]);

      // Whoever read it now would find it damaged too.
      writeFileSync(good, Buffer.alloc(whole.length));
      utimesSync(good, 1e9, 1e9);
      bench.write('data/two.tar.gz', second);
      bench.write('data/three.tar', makeTar([member('d.png', 4)]));
      const finished = await bench.run(acquire, params, {resume: failed.resume});
      assert.deepEqual(
        placesOf(finished).map((place) => place.slice(0, 5)),
        ['a.png', 'b.png', 'c.png', 'd.png'],
      );
      assert.equal(finished.read('extra.csv'), 'image,path\nx.png,one.tar.gz:images/x.png\n');
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

describe('acquire from archives, interrupted', () => {
  const COUNT = 900;
  const names = Array.from({length: COUNT}, (_, index) => `${index}.png`);

  function writeArchives(bench: Bench): JsonObject {
    for (const [number, part] of [names.slice(0, 300), names.slice(300)].entries()) {
      const members = part.map((name) => ({
        name: `images/${name}`,
        content: Buffer.from(`${name}`.repeat(4000)),
      }));
      bench.write(`data/${number}.tar.gz`, gzipSync(makeTar(members)));
    }
    return {images: join(bench.folder, 'data'), metadata: metadataOf(bench, names)};
  }

  for (const unpack of [false, true]) {
    it(`goes on after a SIGKILL and repeats no image${unpack ? ', unpacking' : ''}`, () =>
      withBench(async (bench) => {
        const params = {...writeArchives(bench), unpack};
        const undisturbed = await bench.run(acquire, params);
        bench.write('kept/.keep', '');
        const resume = join(bench.folder, 'kept');
        let last = 0;
        for (let kill = 0; kill < 3; kill++) {
          last = await killAfterSome(last, {out: join(bench.folder, `killed-${kill}`), resume, params});
        }
        const written = unpack ? statesOf(join(resume, 'images')) : new Map<string, number>();
        if (unpack) assert.ok(written.size >= last);
        const finished = await bench.run(acquire, params, {resume});
        factsOf(finished);
        for (const name of ['inventory.csv', 'extra.csv', 'data-card.json']) {
          assert.equal(finished.read(name), undisturbed.read(name));
        }
        const recorded = journaled(resume);
        assert.equal(recorded.length, COUNT);
        assert.equal(new Set(recorded).size, COUNT);
        // At most the images that were being written when the process was killed, one of each archive.
        const again = [...statesOf(join(resume, 'images'))].filter(
          ([name, inode]) => written.has(name) && written.get(name) !== inode,
        );
        assert.ok(again.length <= 2, `${again.length} written again`);
        if (unpack) await readImages(finished);
      }));
  }

  it('tolerates a journal whose last line was cut off, and one that is damaged', () =>
    withBench(async (bench) => {
      const params = {...writeArchives(bench), unpack: true};
      const first = await bench.run(acquire, params);
      const journal = join(first.resume, 'archives.ndjson');
      const whole = readFileSync(journal);
      writeFileSync(journal, whole.subarray(0, whole.length - 400));
      const second = await bench.run(acquire, params, {resume: first.resume});
      assert.equal(second.read('inventory.csv'), first.read('inventory.csv'));
      writeFileSync(journal, Buffer.concat([whole.subarray(0, 2000), Buffer.alloc(500), Buffer.from('\n')]));
      const third = await bench.run(acquire, params, {resume: first.resume});
      assert.equal(third.read('inventory.csv'), first.read('inventory.csv'));
    }));

  it('looks at unpacked images again when the machine was started anew', () =>
    withBench(async (bench) => {
      const params = {...writeArchives(bench), unpack: true};
      const first = await bench.run(acquire, params);
      const journal = join(first.resume, 'archives.ndjson');
      writeFileSync(journal, readFileSync(journal, 'utf8').replace(/"boot":"[^"]*"/, '"boot":"another"'));
      const folder = join(first.resume, 'images/0');
      const lost = join(folder, readdirSync(folder)[0]!);
      const {size} = statSync(lost);
      writeFileSync(lost, Buffer.alloc(size));
      chmodSync(lost, 0o444);
      const second = await bench.run(acquire, params, {resume: first.resume});
      await readImages(second);
      assert.equal(second.read('inventory.csv'), first.read('inventory.csv'));
    }));

  it('stops when it is told to, and goes on later', () =>
    withBench(async (bench) => {
      const params = writeArchives(bench);
      bench.write('kept/.keep', '');
      const resume = join(bench.folder, 'kept');
      const abort = new AbortController();
      const onNews = (): void => abort.abort(new Error('enough'));
      await assert.rejects(bench.run(acquire, params, {resume, signal: abort.signal, onNews}), /enough/);
      assert.equal(factsOf(await bench.run(acquire, params, {resume}))['images'], COUNT);
    }));
});

/** Kills the stage's process when it has read some more images. @returns How many it had recorded by then. */
async function killAfterSome(already: number, order: AcquireOrder): Promise<number> {
  const child = execa(process.execPath, [PROCESS, JSON.stringify(order)], {reject: false});
  const watcher = watch(order.resume, () => {
    if (journaled(order.resume).length >= already + 50) child.kill('SIGKILL');
  });
  const {signal, stderr} = await child;
  watcher.close();
  assert.equal(signal, 'SIGKILL', stderr);
  return journaled(order.resume).length;
}

/** The images that the journal has, each as often as it has it. */
function journaled(resume: string): readonly string[] {
  const file = join(resume, 'archives.ndjson');
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').slice(1, -1);
  return lines.flatMap((line) => (JSON.parse(line) as {image?: {image: string}}).image?.image ?? []);
}

/** When each file was last written, by its path. */
function statesOf(folder: string): Map<string, number> {
  const states = new Map<string, number>();
  if (!existsSync(folder)) return states;
  for (const entry of readdirSync(folder, {recursive: true, withFileTypes: true})) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) states.set(path, statSync(path).mtimeMs);
  }
  return states;
}
