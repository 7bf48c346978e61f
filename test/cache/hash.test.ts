import assert from 'node:assert/strict';
import {
  cpSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import {digestOf} from '../../pipeline/store/sha256.js';
import {expectOk, inFolder, systemFailureOf} from '../store/workplace.js';
import {folderDigest, hasherIn, settle, write} from './folders.js';

describe('the digest of a folder', () => {
  it('is of its files in order of path, without what begins with a dot', () =>
    inFolder(async (folder) => {
      const images = join(folder, 'images');
      const files = {'a.png': '1', 'a/b.png': '2', 'a/c/d.png': '3', 'z.png': '4'};
      write(images, {...files, '.DS_Store': 'x', 'a/._b.png': 'x', '.ipynb_checkpoints/z.png': 'x'});
      mkdirSync(join(images, 'empty'));
      assert.equal(expectOk(await hasherIn(folder).digest(images)), folderDigest(files));
    }));

  it('follows links to files and folders, none in a circle, and names a link that leads nowhere', () =>
    inFolder(async (folder) => {
      const images = join(folder, 'images');
      write(folder, {'elsewhere/b.png': '2', 'images/a.png': '1'});
      symlinkSync('../elsewhere/b.png', join(images, 'b.png'));
      symlinkSync('../elsewhere', join(images, 'c'));
      const hasher = hasherIn(folder);
      const expected = folderDigest({'a.png': '1', 'b.png': '2', 'c/b.png': '2'});
      assert.equal(expectOk(await hasher.digest(images)), expected);

      symlinkSync('nowhere', join(images, 'd.png'));
      const broken = systemFailureOf(await hasher.digest(images));
      assert.deepEqual([broken.code, broken.path], ['ENOENT', join(images, 'd.png')]);
      rmSync(join(images, 'd.png'));
      symlinkSync('../images', join(images, 'e'));
      assert.equal(expectOk(await hasher.digest(images)), expected);
    }));

  it('is the same in another place, after touching, and for a copy', () =>
    inFolder(async (folder) => {
      const images = join(folder, 'images');
      write(images, {'a.png': '1', 'b.png': '2'});
      const hasher = hasherIn(folder);
      const before = expectOk(await hasher.digest(images));
      utimesSync(join(images, 'a.png'), 1, 1);
      assert.equal(expectOk(await hasher.digest(images)), before);
      cpSync(images, join(folder, 'copy'), {recursive: true});
      assert.equal(expectOk(await hasher.digest(join(folder, 'copy'))), before);
      renameSync(images, join(folder, 'moved'));
      assert.equal(expectOk(await hasher.digest(join(folder, 'moved'))), before);
    }));

  it('sees a change of the same length, although the time was put back', () =>
    inFolder(async (folder) => {
      const images = join(folder, 'images');
      write(images, {'a.png': '1', 'b.png': '2'});
      await settle(join(images, 'b.png'));
      const hasher = hasherIn(folder);
      expectOk(await hasher.digest(images));
      const {mtime} = statSync(join(images, 'a.png'));
      writeFileSync(join(images, 'a.png'), 'X');
      utimesSync(join(images, 'a.png'), mtime, mtime);
      assert.equal(expectOk(await hasher.digest(images)), folderDigest({'a.png': 'X', 'b.png': '2'}));
    }));

  it('sees a change right after it was taken, in the same tick of the clock (200 times)', () =>
    inFolder(async (folder) => {
      const images = join(folder, 'images');
      write(images, {'a.png': '0000'});
      const hasher = hasherIn(folder);
      for (let round = 0; round < 200; round++) {
        const text = String(round).padStart(4, '0');
        writeFileSync(join(images, 'a.png'), text);
        assert.equal(expectOk(await hasher.digest(images)), folderDigest({'a.png': text}));
      }
    }));

  it('sees such a change also in a file that is read in pieces', () =>
    inFolder(async (folder) => {
      const images = join(folder, 'images');
      const hasher = hasherIn(folder);
      for (let round = 0; round < 50; round++) {
        const text = String(round).padStart(100_000, '0');
        write(images, {'a.png': text});
        assert.equal(expectOk(await hasher.digest(images)), folderDigest({'a.png': text}));
      }
    }));

  it('reads only files that changed since, also in another process', () =>
    inFolder(async (folder) => {
      const images = join(folder, 'images');
      const names = Array.from({length: 50}, (_, index) => `${index}.png`.padStart(6, '0'));
      write(images, Object.fromEntries(names.map((name) => [name, name])));
      await settle(join(images, names.at(-1)!));
      const first = hasherIn(folder);
      const digest = expectOk(await first.digest(images));
      assert.equal(first.read(), 50);
      expectOk(first.save());

      const second = hasherIn(folder);
      assert.equal(expectOk(await second.digest(images)), digest);
      assert.equal(second.read(), 0);
      writeFileSync(join(images, names[7]!), 'changed');
      rmSync(join(images, names[8]!));
      write(images, {'new.png': 'new'});
      assert.notEqual(expectOk(await second.digest(images)), digest);
      assert.equal(second.read(), 2);
      assert.deepEqual(second.changeSince(images, digest), {
        changed: [names[7]],
        added: ['new.png'],
        removed: [names[8]],
      });
      assert.equal(second.changeSince(images, digestOf('another state')), null);
    }));

  it('is taken once for all who ask at a time', () =>
    inFolder(async (folder) => {
      const images = join(folder, 'images');
      write(images, {'a.png': '1'});
      const hasher = hasherIn(folder);
      assert.equal(hasher.digest(images), hasher.digest(images));
      await hasher.digest(images);
    }));
});

describe('the digest of a file', () => {
  it('is of its bytes, large or small', () =>
    inFolder(async (folder) => {
      const texts = ['', 'small', 'large '.repeat(500_000)];
      const hasher = hasherIn(folder);
      for (const text of texts) {
        write(folder, {'file.csv': text});
        assert.equal(expectOk(await hasher.digest(join(folder, 'file.csv'))), digestOf(text));
      }
    }));

  it('of a file that is not there is a failure that names it', () =>
    inFolder(async (folder) => {
      const failure = systemFailureOf(await hasherIn(folder).digest(join(folder, 'missing.csv')));
      assert.deepEqual([failure.code, failure.path], ['ENOENT', join(folder, 'missing.csv')]);
    }));
});
