import assert from 'node:assert/strict';
import {mkdirSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {digestOf} from '../../pipeline/store/sha256.js';
import {expectOk, inFolder} from '../store/workplace.js';
import {hasherIn, settle, write} from './folders.js';

describe('the digests of the files of a folder', () => {
  it('are known by name once the folder was hashed, in this process or an earlier one', () =>
    inFolder(async (folder) => {
      const images = join(folder, 'images');
      const files = {'a.png': '1', 'b/c.png': '2', 'd.png': '3'};
      write(images, files);
      await settle(join(images, 'd.png'));
      const expected = Object.entries(files).map(([name, text]) => [name, digestOf(text)] as const);
      for (let process = 0; process < 2; process++) {
        const hasher = hasherIn(folder);
        assert.equal(hasher.known(images).size, 0, 'before it was hashed');
        await hasher.digest(images);
        const known = hasher.known(images);
        assert.deepEqual([...known], expected);
        assert.deepEqual([...known.keys()], Object.keys(files));
        assert.deepEqual([...known.values()], Object.values(files).map(digestOf));
        const visited: unknown[] = [];
        known.forEach((digest, name) => {
          visited.push([name, digest]);
        });
        assert.deepEqual(visited, expected);
        assert.equal(known.size, 3);
        // In order, out of order, again, and what is not there.
        for (const name of ['a.png', 'b/c.png', 'a.png', 'd.png', 'd.png'] as const) {
          assert.equal(known.get(name), digestOf(files[name as keyof typeof files]));
          assert.ok(known.has(name));
        }
        assert.equal(known.get('e.png'), undefined);
        assert.ok(!known.has(''));
        expectOk(hasher.save());
      }
    }));

  it('are of the file itself, without a name, when it is a file, also where a folder was before', () =>
    inFolder(async (folder) => {
      const path = join(folder, 'images');
      write(path, {'a.png': '1'});
      const hasher = hasherIn(folder);
      await hasher.digest(path);
      rmSync(path, {recursive: true});
      writeFileSync(path, 'now a file');
      await hasher.digest(path);
      assert.deepEqual([...hasher.known(path)], [['', digestOf('now a file')]]);
    }));

  it('of an empty folder are none', () =>
    inFolder(async (folder) => {
      const path = join(folder, 'images');
      mkdirSync(path);
      const hasher = hasherIn(folder);
      assert.equal(expectOk(await hasher.digest(path)), digestOf(''));
      assert.deepEqual([...hasher.known(path)], []);
      assert.equal(expectOk(await hasher.digest(path)), digestOf(''));
    }));
});
