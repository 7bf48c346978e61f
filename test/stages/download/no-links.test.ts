import assert from 'node:assert/strict';
import {chmodSync, existsSync, mkdirSync, readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {deliver} from '../../../pipeline/stages/download/deliver.js';
import type {Link} from '../../../pipeline/stages/download/place-file.js';
import {withMount} from '../../store/workplace.js';
import {type Bench, withBench} from '../rig.js';
import {noise, sha256} from './rig.js';

/** What exFAT and some network shares say. */
const noLinks: Link = () => Promise.reject(Object.assign(new Error('not supported'), {code: 'EPERM'}));

const FILE = noise(300_000);

/** Delivers /a.tgz of a shelf in the folder into an artifact there. @returns what was said. */
async function delivered(bench: Bench, folder: string): Promise<readonly string[]> {
  const [shelf, out, said] = [join(folder, 'shelf'), join(folder, 'out'), [] as string[]];
  mkdirSync(out);
  const url = new URL('https://h.org/a.tgz');
  const file = {name: 'a.tgz', url, sha256: sha256(FILE), bytes: FILE.length};
  await deliver([file], {shelf, out, onTrouble: (text) => said.push(text), linkFile: noLinks});
  assert.deepEqual(readFileSync(join(out, 'a.tgz')), FILE);
  assert.deepEqual(readdirSync(out).sort(), ['a.tgz', 'archives.csv']);
  return said.map((text) => text.replaceAll(bench.folder, ''));
}

describe('a download to a disk without hard links', () => {
  it('stays on its shelf until the artifact is in its place', () =>
    withBench(async (bench) => {
      chmodSync(bench.write('shelf/a.tgz', FILE), 0o444);
      assert.deepEqual(await delivered(bench, bench.folder), []);
      assert.deepEqual(readFileSync(join(bench.folder, 'shelf/a.tgz')), FILE);
    }));

  it('is moved where there is no room for two copies, which is said', async function () {
    await withBench(async (bench) => {
      const isMounted = await withMount({folder: bench.folder, options: 'size=512k'}, async (folder) => {
        bench.write('mounted/shelf/a.tgz', FILE);
        assert.deepEqual(await delivered(bench, folder), [
          'a.tgz: this disk has no hard links and no room for a second copy: killed within the next minutes, it would be fetched again',
        ]);
        assert.ok(!existsSync(join(folder, 'shelf/a.tgz')));
      });
      if (isMounted) return;
      console.log('      skipped: a file system can be mounted by root only');
      this.skip();
    });
  });
});
