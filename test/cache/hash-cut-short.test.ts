import assert from 'node:assert/strict';
import {existsSync, mkdirSync, readdirSync, truncateSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {createHasher, type HashProgress} from '../../pipeline/cache/hash.js';
import {expectOk, inFolder, STAGE, storeIn} from '../store/workplace.js';
import {hasherIn, settle, write} from './folders.js';

describe('hashing that is cut short', () => {
  it('has kept what it hashed a second ago, and the next one goes on from there', () =>
    inFolder(async (folder) => {
      const images = join(folder, 'images');
      writeSparse(images, 200);
      await settle(join(images, nameOf(199)));
      const stop = new AbortController();
      const {stats} = storeIn(folder);
      let done = 0;
      const onProgress: HashProgress = (progress) => {
        ({done} = progress);
        // As if it was killed as soon as something was kept: what comes later is not.
        if (existsSync(join(folder, 'state', 'cache'))) stop.abort();
      };
      const killed = createHasher(stats, {onProgress, keepsUnderWay: true, signal: stop.signal});
      const stopped = await killed.digest(images, STAGE);
      assert.ok(!stopped.ok && stopped.error.reason === 'exited');
      assert.ok(done > 0 && done < 200, `${done} of 200`);
      assert.equal(killed.known(images).size, 0);

      const next = hasherIn(folder);
      const digest = expectOk(await next.digest(images));
      assert.ok(next.read() <= 200 - done, `${next.read()} of ${200 - done} left`);
      assert.equal(expectOk(await createHasher(storeIn(join(folder, 'other')).stats).digest(images)), digest);
      expectOk(next.save());
      assert.equal(readdirSync(join(folder, 'state', 'cache', 'stat')).length, 1, 'no part is left');
      const last = hasherIn(folder);
      assert.equal(expectOk(await last.digest(images)), digest);
      assert.equal(last.read(), 0);
    }));

  it('can still name what has changed', () =>
    inFolder(async (folder) => {
      const images = join(folder, 'images');
      writeSparse(images, 21);
      await settle(join(images, nameOf(20)));
      const first = hasherIn(folder);
      const before = expectOk(await first.digest(images));
      expectOk(first.save());
      const names = Array.from({length: 20}, (_, index) => nameOf(index));
      for (const name of names) writeFileSync(join(images, name), 'changed');
      await settle(join(images, names.at(-1)!));
      const stop = new AbortController();
      const onProgress: HashProgress = ({done}) => {
        if (done === 5) stop.abort();
      };
      const options = {onProgress, keepsUnderWay: true, signal: stop.signal};
      assert.ok(!(await createHasher(storeIn(folder).stats, options).digest(images, STAGE)).ok);

      const next = hasherIn(folder);
      expectOk(await next.digest(images));
      // Another one was under way when the fifth was done.
      assert.ok(next.read() <= 15 && next.read() >= 14, `${next.read()} were read`);
      assert.deepEqual(next.changeSince(images, before), {changed: names, added: [], removed: []});
    }));

  it('leaves nothing behind when it only looked', () =>
    inFolder(async (folder) => {
      const images = join(folder, 'images');
      writeSparse(images, 2);
      const stop = new AbortController();
      const {stats} = storeIn(folder);
      const digest = createHasher(stats, {signal: stop.signal}).digest(images, STAGE);
      stop.abort();
      assert.ok(!(await digest).ok);
      expectOk(stats.save());
      assert.equal(existsSync(join(folder, 'state')), false);
    }));

  it('is not stopped where it only looks whether something has changed meanwhile', () =>
    inFolder(async (folder) => {
      const images = join(folder, 'images');
      write(images, {'a.png': '1'});
      assert.ok((await hasherIn(folder, {signal: AbortSignal.abort()}).digest(images)).ok);
    }));
});

const LARGE = 16 << 20;

function nameOf(index: number): string {
  return `${String(index).padStart(4, '0')}.png`;
}

/** Large files that take no room on the disk, but as long to hash as any. */
function writeSparse(folder: string, count: number): void {
  mkdirSync(folder);
  for (let index = 0; index < count; index++) {
    writeFileSync(join(folder, nameOf(index)), '');
    truncateSync(join(folder, nameOf(index)), LARGE + index);
  }
}
