import assert from 'node:assert/strict';
import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import type {RunName} from '../../pipeline/model/stage.js';
import {start} from './program.js';
import {expectOk, fingerprint, inFolder, make, storeIn} from './workplace.js';

const {digest} = fingerprint();

describe('a process killed at any moment', () => {
  it('while it replaces an artifact leaves the old one or the new one, whole (20 times)', () =>
    inFolder(async (folder) => {
      await make(storeIn(folder), {'best.pt': 'generation 0\n'});
      const random = seeded(7);
      let generation = 1;
      for (let round = 0; round < 20; round++) {
        const program = await start('commit-forever', folder, String(generation));
        // At any moment of the ten commits that follow.
        await delay(random() * 60);
        await program.kill();

        // A new process looks, knowing nothing: no stat cache was saved.
        const store = storeIn(folder);
        const record = store.artifacts.find(digest);
        assert.ok(record !== null, `round ${round}: the artifact is lost`);
        assert.deepEqual(await store.artifacts.verify(record), []);
        const texts = record.outputs.map(({path}) =>
          readFileSync(join(store.layout.artifact(digest), path), 'utf8').slice(0, 20),
        );
        assert.equal(new Set(texts).size, 1, `round ${round}: files of several generations`);
        generation = Number(/generation (\d+)/.exec(texts[0]!)![1]) + 1;
      }

      const store = storeIn(folder);
      await make(store, {'best.pt': 'the end\n'}, {fresh: true});
      assert.deepEqual(readdirSync(store.layout.artifacts), [digest], 'leftovers are cleared away');
      assert.deepEqual(readdirSync(store.layout.resumeFolders), []);
    })).timeout(60_000);

  it('while it writes its journal leaves a run that reads well, without gaps, and is known to be dead (5 times)', () =>
    inFolder(async (folder) => {
      const random = seeded(11);
      for (const name of ['a-run', 'b-run', 'c-run', 'd-run', 'e-run']) {
        const program = await start('append-forever', folder, name);
        const {runs} = storeIn(folder);
        const place = expectOk(runs.resolve(name));
        assert.equal(runs.liveness(place), 'alive');
        await delay(random() * 40);
        await program.kill();

        assert.equal(runs.liveness(place), 'dead');
        const {events} = expectOk(runs.events(place));
        assert.deepEqual(
          events.map(({seq}) => seq),
          events.map((_, index) => index + 1),
        );
        assert.equal(expectOk(runs.read(place)).status, 'unfinished');
      }
      const rows = expectOk(storeIn(folder).runs.list());
      assert.deepEqual(
        rows.map(({place, liveness}) => [place.name, liveness]),
        ['e', 'd', 'c', 'b', 'a'].map((letter) => [`${letter}-run` as RunName, 'dead']),
      );
    })).timeout(30_000);
});

/** Numbers from 0 up to 1 (mulberry32), so that a failure can be had again. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
