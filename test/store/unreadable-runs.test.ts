import assert from 'node:assert/strict';
import {appendFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {RunName} from '../../pipeline/model/stage.js';
import {unreadableText} from '../../pipeline/store/run-reference.js';
import type {Store} from '../../pipeline/store/store.js';
import {addRun, timedStore} from './demo-run.js';
import {expectOk, inFolder} from './workplace.js';

const fileOf = (store: Store, run: string, name: string): string =>
  join(store.layout.run(run as RunName), name);

/** Leaves a run with nothing but a journal that was edited by hand. */
function damage(store: Store, run: string): void {
  rmSync(fileOf(store, run, 'run.json'));
  appendFileSync(fileOf(store, run, 'events.ndjson'), 'no event\n');
}

describe('a run that cannot be read', () => {
  it('is told beside the list of the others, and why', () =>
    inFolder((folder) => {
      const store = timedStore(folder);
      for (const name of ['first', 'edited', 'emptied', 'refused']) addRun(store, name);
      damage(store, 'edited');
      writeFileSync(fileOf(store, 'emptied', 'run.json'), '{"torn');
      rmSync(fileOf(store, 'emptied', 'events.ndjson'));
      for (const name of ['run.json', 'events.ndjson']) {
        rmSync(fileOf(store, 'refused', name));
        // A link in a circle refuses everybody, also root.
        symlinkSync(name, fileOf(store, 'refused', name));
      }
      const {rows, unreadable} = expectOk(store.runs.survey());
      assert.deepEqual(
        rows.map(({record}) => record.run),
        ['first'],
      );
      const texts = unreadable.map((run) => unreadableText([run])).sort();
      assert.deepEqual(texts.slice(0, 2), [
        `run edited cannot be read: ${fileOf(store, 'edited', 'events.ndjson')} holds a line that is no event: was the file edited?`,
        `run emptied cannot be read: ${fileOf(store, 'emptied', 'events.ndjson')}: no such file or folder`,
      ]);
      assert.match(texts[2]!, /^run refused cannot be read: .*too many symbolic links/i);
      assert.match(unreadableText(unreadable), /; nor can 2 other runs$/);
      assert.match(unreadableText(unreadable.slice(1)), /; nor can 1 other run$/);
    }));

  it('is none that has not begun, and no file or folder of somebody else', () =>
    inFolder((folder) => {
      const store = timedStore(folder);
      addRun(store, 'first');
      for (const name of ['begins', 'begun']) mkdirSync(store.layout.run(name as RunName));
      writeFileSync(fileOf(store, 'begun', 'events.ndjson'), '{"torn');
      writeFileSync(join(store.layout.runs, 'notes.txt'), 'mine');
      assert.deepEqual(expectOk(store.runs.survey()).unreadable, []);
    }));

  it('is told by who asks for the last one, which it may be', () =>
    inFolder((folder) => {
      const store = timedStore(folder);
      for (const name of ['first', 'second']) addRun(store, name);
      assert.equal(expectOk(store.runs.resolve('@last')).passedOver, undefined);
      damage(store, 'second');
      const {name, passedOver} = expectOk(store.runs.resolve('@last'));
      assert.deepEqual([name, passedOver?.map((run) => run.name)], ['first', ['second']]);
      assert.equal(expectOk(store.runs.resolve('first')).passedOver, undefined);
      damage(store, 'first');
      const none = store.runs.resolve('@last');
      assert.ok(!none.ok && /^run \w+ cannot be read: /.test(none.error.message));
    }));
});
