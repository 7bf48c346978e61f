import assert from 'node:assert/strict';
import {cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {RunName} from '../../pipeline/model/stage.js';
import {suggestRunName} from '../../pipeline/store/run-name.js';
import {openStore} from '../../pipeline/store/store.js';
import {addRun, ranWith, SPLIT, started, timedStore} from './demo-run.js';
import {
  expectOk,
  fingerprint,
  inFolder,
  make,
  STAGE,
  storeIn,
  systemEffects,
  systemFailureOf,
} from './workplace.js';

describe('runs', () => {
  it('get names of two words, and another one when a name is taken', () =>
    inFolder((folder) => {
      const draws = [0, 0, 0, 0, 0.999, 0.999];
      const {runs} = storeIn(folder, {...systemEffects(), random: () => draws.shift()!});
      const names = [runs.create({}), runs.create({})].map((created) => {
        const journal = expectOk(created);
        expectOk(journal.close());
        return journal.name;
      });
      assert.deepEqual(names, ['agile-acorn', 'sunny-willow']);
      const all = new Set<string>();
      for (let a = 0; a < 64; a++)
        for (let b = 0; b < 64; b++) all.add(suggestRunName(alternately(a / 64, b / 64), 0));
      assert.equal(all.size, 4096);
      assert.equal(
        suggestRunName(() => 0, 8),
        'agile-acorn-0',
      );
    }));

  it('refuse a name that is taken, or that no command could name', () =>
    inFolder((folder) => {
      const {runs} = timedStore(folder);
      expectOk(expectOk(runs.create({name: 'mine'})).close());
      const messages = ['mine', '@last', 'a/b', '.hidden', ''].map((name) => {
        const created = runs.create({name});
        assert.ok(!created.ok && created.error.reason === 'invalid-input');
        return created.error.diagnostics[0]!.message;
      });
      assert.deepEqual(messages, [
        'there is a run called "mine" already',
        'a run cannot be called "@last"',
        'a run cannot be called "a/b"',
        'a run cannot be called ".hidden"',
        'a run cannot be called ""',
      ]);
    }));

  it('are listed with the newest first, those without run.json from their events', () =>
    inFolder((folder) => {
      const store = timedStore(folder);
      assert.deepEqual(expectOk(store.runs.list()), []);
      assert.equal(existsSync(store.home), false, 'looking makes nothing');
      for (const name of ['first', 'second', 'third']) addRun(store, name);
      rmSync(join(store.layout.run('second' as RunName), 'run.json'));
      writeFileSync(join(store.layout.run('third' as RunName), 'run.json'), '{"torn');
      mkdirSync(store.layout.run('empty' as RunName));
      const rows = expectOk(store.runs.list());
      assert.deepEqual(
        rows.map(({record}) => [record.run, record.status]),
        [
          ['third', 'succeeded'],
          ['second', 'succeeded'],
          ['first', 'succeeded'],
        ],
      );
    }));

  it('are read from their events when run.json is not whole', () =>
    inFolder((folder) => {
      const store = timedStore(folder);
      addRun(store, 'mine');
      const place = expectOk(store.runs.resolve('mine'));
      const path = join(place.folder, 'run.json');
      const whole = expectOk(store.runs.read(place));
      for (const text of ['{}', 'null', '[]', JSON.stringify({...whole, stages: [{}]})]) {
        writeFileSync(path, text);
        assert.deepEqual(expectOk(store.runs.read(place)), whole);
        assert.deepEqual(expectOk(store.runs.list())[0]!.record, whole);
      }
    }));

  it('whose process left no whole note count as dead', () =>
    inFolder((folder) => {
      const store = timedStore(folder);
      addRun(store, 'mine');
      const place = expectOk(store.runs.resolve('mine'));
      for (const text of ['{}', 'null', '{"pid": 1}']) {
        writeFileSync(join(place.folder, 'process.json'), text);
        assert.equal(store.runs.liveness(place), 'dead');
      }
    }));

  it('are meant by @last, by a name, by the beginning of one, and by a path', () =>
    inFolder((folder) => {
      const store = timedStore(folder);
      for (const name of ['calm-carina', 'calm-clover', 'neat-fern']) addRun(store, name);
      const resolve = (reference: string) => {
        const found = store.runs.resolve(reference);
        return found.ok ? found.value.name : `${found.error.message}; ${found.error.hint}`;
      };
      assert.equal(resolve('@last'), 'neat-fern');
      assert.equal(resolve('@last~2'), 'calm-carina');
      assert.equal(resolve('@last~3'), 'there is no @last~3: the oldest run is @last~2; see: pipeline ls');
      assert.equal(resolve('@first'), '"@first" names no run; write @last, or @last~1 for the one before');
      assert.equal(resolve('calm-clover'), 'calm-clover');
      assert.equal(resolve('neat'), 'neat-fern');
      assert.equal(
        resolve('calm'),
        '"calm" is the beginning of several runs; which one: calm-carina, calm-clover?',
      );
      assert.equal(resolve('neat-ferm'), 'there is no run called "neat-ferm"; did you mean "neat-fern"?');
      assert.equal(resolve('xyz'), 'there is no run called "xyz"; see: pipeline ls');

      const copied = join(folder, 'mail', 'attachment');
      cpSync(store.layout.run('neat-fern' as RunName), copied, {recursive: true});
      const place = expectOk(store.runs.resolve(`${folder}/mail/attachment`));
      assert.deepEqual(place, {name: 'neat-fern', folder: copied});
      assert.equal(expectOk(store.runs.read(place)).status, 'succeeded');
      assert.equal(
        resolve('./nowhere'),
        './nowhere is no run folder; a run folder holds events.ndjson; see: pipeline ls',
      );
    }));

  it('have an exact name even when it begins another one', () =>
    inFolder((folder) => {
      const store = timedStore(folder);
      for (const name of ['base', 'base-2']) addRun(store, name);
      assert.equal(expectOk(store.runs.resolve('base')).name, 'base');
    }));

  it('say that there is none yet', () =>
    inFolder((folder) => {
      for (const reference of ['@last', 'calm']) {
        const found = storeIn(folder).runs.resolve(reference);
        assert.ok(!found.ok);
        assert.equal(found.error.message, 'there is no run yet');
      }
    }));

  it('cannot be told where their folder cannot be looked at', () =>
    inFolder((folder) => {
      const store = timedStore(folder);
      addRun(store, 'mine');
      rmSync(store.layout.runs, {recursive: true});
      // A link in a circle refuses everybody, also root.
      symlinkSync('runs', store.layout.runs);
      assert.equal(systemFailureOf(store.runs.list()).code, 'ELOOP');
      for (const reference of ['@last', 'mine']) {
        const found = store.runs.resolve(reference);
        assert.ok(!found.ok);
        assert.ok(found.error.message.startsWith(`${store.layout.runs}: `), found.error.message);
        assert.match(found.error.message, /too many symbolic links/i);
      }
      const path = store.runs.resolve(`${store.layout.runs}/mine`);
      assert.ok(!path.ok && path.error.message.includes('too many symbolic links'));
      writeFileSync(join(folder, 'file'), '');
      const through = store.runs.resolve(`${folder}/file/mine`);
      assert.ok(!through.ok && through.error.message.includes('is no run folder'));
    }));

  it('keep what each stage was made of last, and find it again in the runs when the index is lost', () =>
    inFolder(async (folder) => {
      const store = timedStore(folder);
      const changed = fingerprint({version: 2});
      for (const of of [fingerprint(), changed]) {
        await make(store, {'best.pt': 'one'}, {of});
        const journal = expectOk(store.runs.create({name: `run-${of.parts.version}`}));
        journal.append(started(journal.name));
        journal.append(ranWith(of.digest));
        expectOk(journal.close());
        expectOk(store.last.record('demo', STAGE, {fingerprint: of, run: journal.name}));
      }
      const expected = {fingerprint: changed, run: 'run-2'};
      assert.deepEqual(storeIn(folder).last.of('demo', STAGE), expected);
      assert.equal(storeIn(folder).last.of('demo', SPLIT), null);
      assert.equal(storeIn(folder).last.of('other', STAGE), null);
      rmSync(store.layout.last('demo'));
      assert.deepEqual(storeIn(folder).last.of('demo', STAGE), expected);
      for (const text of ['{}', 'null', `{"stages": {"${STAGE}": {}}}`]) {
        writeFileSync(store.layout.last('demo'), text);
        assert.deepEqual(storeIn(folder).last.of('demo', STAGE), expected);
      }
    }));

  it('on another machine are neither dead nor alive', () =>
    inFolder((folder) => {
      const far = storeIn(folder, {...systemEffects(), host: 'far-away'});
      const journal = expectOk(far.runs.create({name: 'calm-carina'}));
      journal.append(started('calm-carina'));
      const {runs} = storeIn(folder);
      assert.equal(runs.liveness(expectOk(runs.resolve('calm-carina'))), 'elsewhere');
      expectOk(journal.close());
    }));
});

describe('a state directory', () => {
  it('keeps itself out of the commits of the project around it', () =>
    inFolder((folder) => {
      const store = timedStore(folder);
      addRun(store);
      assert.equal(readFileSync(join(store.home, '.gitignore'), 'utf8'), '*\n');
    }));

  it('cannot be where a file is', () =>
    inFolder((folder) => {
      writeFileSync(join(folder, 'state'), 'a file');
      const opened = openStore(join(folder, 'state'), systemEffects());
      assert.ok(!opened.ok);
      assert.deepEqual(opened.error, {
        reason: 'system',
        code: 'ENOTDIR',
        path: join(folder, 'state'),
        message: `${join(folder, 'state')}: a file is in the way of the state folder`,
        hint: 'move the file away; to keep the state elsewhere, use --home or PIPELINE_HOME',
      });
    }));
});

function alternately(...values: number[]): () => number {
  let at = 0;
  return () => values[at++ % values.length]!;
}
