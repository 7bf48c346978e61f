import assert from 'node:assert/strict';
import {createHash} from 'node:crypto';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join, sep} from 'node:path';
import {gzipSync} from 'node:zlib';
import fc from 'fast-check';
import {acquire} from '../../pipeline/stages/acquire/stage.js';
import {readCsv} from '../../pipeline/stages/csv.js';
import {readInventory, readMetadata, writeDataset} from '../../pipeline/stages/dataset.js';
import {dataEntry, entry} from '../stages/data.js';
import {grayPng} from '../stages/png-maker.js';
import {artifactRef, type Finished, withBench} from '../stages/rig.js';
import {blocksOf, TAR_END} from '../stages/tar-maker.js';
import {changed, changes} from './changes.js';
import {boxes, cohort, imageName} from './cohort.js';
import {assertShowable} from './diagnostics.js';
import {describeFuzz} from './fuzz.js';
import {hostileMembers, hostileName} from './tar-members.js';

const SECRET = 'what nobody may read or write';
const NAMES = ['00000001_000.png', '00000002_000.png', 'images.png', 'hit.png', 'secret.png'];

/** Lists that spreadsheets open. */
const LISTS = [
  'missing.csv',
  'extra.csv',
  'unreadable.csv',
  'refused.csv',
  'duplicates.csv',
  'inventory.csv',
];

describeFuzz('acquire', (always) => {
  const here = mkdtempSync(join(tmpdir(), 'fuzz-acquire-'));
  const outside = join(here, 'outside');
  before(() => {
    mkdirSync(outside);
    writeFileSync(join(outside, 'secret.png'), SECRET);
  });
  after(() => rmSync(here, {recursive: true}));

  always(
    'reads and writes nothing outside its folders, whatever an archive holds',
    fc.record({
      hostile: fc.array(hostileMembers(outside), {minLength: 1, maxLength: 6}),
      image: fc.constantFrom(...NAMES),
      unpack: fc.boolean(),
      gzip: fc.boolean(),
      spoilt: fc.option(changes, {freq: 5}),
    }),
    ({hostile, image, unpack, gzip, spoilt}) =>
      withBench(async (bench) => {
        const good = {name: `images/${image}`, content: grayPng(9, 7, 1)};
        const tar = Buffer.concat([blocksOf(good), ...hostile.flat().map(blocksOf), TAR_END]);
        const archive = spoilt === null ? tar : changed(tar, spoilt);
        const images = bench.write('images.tar.gz', gzip ? gzipSync(archive, {level: 1}) : archive);
        const metadata = bench.write(
          'entries.csv',
          dataEntry(NAMES.map((name, index) => entry(name, index + 1))),
        );
        const before = [treeOf(here), treeOf(bench.folder)];
        const finished = await bench.run(acquire, {images, metadata, unpack});
        const own = [finished.artifact.path, finished.resume].map((path) =>
          path.slice(bench.folder.length + 1),
        );
        const isOwn = (path: string): boolean =>
          own.some((name) => path === name || path.startsWith(name + sep));
        const now = treeOf(bench.folder);
        assert.deepEqual(
          [treeOf(here), Object.fromEntries(Object.entries(now).filter(([path]) => !isOwn(path)))],
          before,
        );
        for (const [path, what] of Object.entries(now)) assert.doesNotMatch(what, /^link/, path);
        assertSound(finished);
        const secret = createHash('sha256').update(SECRET).digest('hex');
        assert.ok(!Object.values(now).includes(secret), 'a secret was copied');
        if (finished.result.ok)
          assert.ok(!finished.read('inventory.csv').includes(secret), 'a secret was read');
      }),
    {runs: 40},
  );

  always(
    'takes stock of files of any name and content',
    fc.dictionary(
      fc
        .oneof(
          hostileName('x').map((name) => name.replaceAll('/', '_')),
          imageName,
        )
        .filter(isFileName),
      fc.oneof(fc.uint8Array({maxLength: 150}), fc.constant(grayPng(5, 5, 1))),
      {maxKeys: 8, noNullPrototype: true},
    ),
    (files) =>
      withBench(async (bench) => {
        bench.write('images/00000001_000.png', grayPng(9, 7, 1));
        for (const [name, bytes] of Object.entries(files)) bench.write(`images/${name}`, bytes);
        const metadata = bench.write(
          'entries.csv',
          dataEntry(NAMES.map((name, index) => entry(name, index + 1))),
        );
        const finished = await bench.run(acquire, {images: join(bench.folder, 'images'), metadata});
        assertSound(finished);
      }),
    {runs: 40},
  );

  /** One way or the other it ends well: with lists that can be opened, or with what is wrong. */
  function assertSound({result, artifact}: Finished): void {
    if (!result.ok) {
      assert.equal(result.error.reason, 'invalid-input');
      if (result.error.reason !== 'invalid-input') return;
      assert.ok(result.error.diagnostics.length > 0);
      for (const {message} of result.error.diagnostics) assertShowable(message, 1200);
      return;
    }
    for (const list of LISTS) {
      const table = readCsv(join(artifact.path, list));
      assert.ok(table.ok, list);
      for (const cell of table.value.rows.flatMap(({cells}) => cells)) {
        assertShowable(cell, 1200);
        assert.doesNotMatch(cell, /^[=+@]|^-(?!1$)/, 'a formula');
      }
    }
    for (const {source} of readInventory(artifact, null)) {
      const path = source.kind === 'file' ? source.path : source.archive;
      assert.ok(lstatSync(path).isFile(), path);
    }
  }

  always('gives a data set that reads back the same', fc.tuple(cohort, boxes), ([written, all]) => {
    const rows = written.map(({row}) => row);
    const inventory = rows.map(({image}, index) => ({
      ...{
        image,
        sha256: 'a'.repeat(64),
        bytes: index,
        width: 5,
        height: null,
        mode: index % 2 === 0 ? 'L' : null,
      },
      ...{root: 0, archive: index % 2 === 0 ? `a "b", ${index}.tar` : '', path: `images/${image}`},
    }));
    writeDataset(here, {rows, boxes: all, inventory});
    const artifact = artifactRef(acquire, here, {images: '/data'});
    assert.deepEqual(readMetadata(artifact), rows);
    assert.deepEqual(
      readInventory(artifact, null).map(({source, ...file}) => ({
        ...file,
        ...(source.kind === 'file'
          ? {root: 0, archive: '', path: source.path.slice('/data/'.length)}
          : {root: 0, archive: source.archive.slice('/data/'.length), path: source.member}),
      })),
      inventory,
    );
    for (const name of ['metadata.csv', 'boxes.csv', 'inventory.csv']) rmSync(join(here, name));
  });
});

/** A name that a file system takes. */
function isFileName(name: string): boolean {
  return !/^\.{0,2}$|[/\0\ud800-\udfff]/.test(name) && Buffer.byteLength(name) < 250;
}

/** Everything below a folder by its path: digests of files, targets of links. */
function treeOf(folder: string): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const entry of readdirSync(folder, {recursive: true, withFileTypes: true})) {
    const path = join(entry.parentPath, entry.name);
    found[path.slice(folder.length + 1)] = entry.isSymbolicLink()
      ? `link to ${readlinkSync(path)}`
      : entry.isFile()
        ? createHash('sha256').update(readFileSync(path)).digest('hex')
        : 'folder';
  }
  return found;
}
