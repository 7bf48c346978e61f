import assert from 'node:assert/strict';
import {once} from 'node:events';
import {existsSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {isSameProcess, type ProcessNote, startTimeOf} from '../../pipeline/store/processes.js';
import {start} from './program.js';
import {expectOk, inFolder, storeIn, systemFailureOf} from './workplace.js';

describe('locks', () => {
  it('refuse a second holder and name the first', () =>
    inFolder(async (folder) => {
      const holder = await start('hold-lock', folder, 'stage-1');
      const {locks} = storeIn(folder);
      const refused = await locks.acquire('stage-1', {wait: false});
      assert.ok(!refused.ok && refused.error.reason === 'locked');
      assert.equal(refused.error.holder!.pid, holder.child.pid);
      assert.match(refused.error.holder!.command, /^pipeline /);
      assert.ok(isSameProcess(refused.error.holder!));
      expectOk(await locks.acquire('stage-2', {wait: false})).release();

      holder.child.stdin!.end();
      await once(holder.child, 'exit');
      const lock = expectOk(await locks.acquire('stage-1', {wait: false}));
      lock.release();
      lock.release();
      assert.deepEqual(readdirSync(join(folder, 'state', 'locks')), [], 'a released lock leaves no file');
    }));

  it('wait for the holder, and are free once it is killed, although its child lives on', () =>
    inFolder(async (folder) => {
      const holder = await start('hold-lock', folder, 'stage-1');
      const childPid = Number(holder.said);
      const {locks, layout} = storeIn(folder);
      const told: (ProcessNote | null)[] = [];
      const onWait = async (note: ProcessNote | null): Promise<void> => {
        told.push(note);
        await holder.kill();
      };
      const lock = expectOk(await locks.acquire('stage-1', {wait: true, onWait}));
      assert.deepEqual(
        told.map((note) => note?.pid),
        [holder.child.pid],
      );
      const note = JSON.parse(readFileSync(layout.lock('stage-1'), 'utf8')) as ProcessNote;
      assert.equal(note.pid, process.pid);
      assert.notEqual(startTimeOf(childPid), null);
      process.kill(childPid, 'SIGKILL');
      lock.release();
    }));

  it('keep two users in one process apart, in turn', () =>
    inFolder(async (folder) => {
      const {locks} = storeIn(folder);
      const order: string[] = [];
      const first = expectOk(await locks.acquire('one', {wait: true}));
      const onWait = (): void => {
        order.push('the second waits');
        first.release();
      };
      const second = expectOk(await locks.acquire('one', {wait: true, onWait}));
      order.push('the second has it');
      assert.ok(!(await locks.acquire('one', {wait: false})).ok);
      second.release();
      assert.deepEqual(order, ['the second waits', 'the second has it']);
    }));

  it('let 8 who all want one have it one after another', () =>
    inFolder(async (folder) => {
      let inside = 0;
      await Promise.all(
        Array.from({length: 8}, async () => {
          const lock = expectOk(await storeIn(folder).locks.acquire('one', {wait: true}));
          assert.equal(++inside, 1);
          await new Promise((resolve) => setImmediate(resolve));
          inside--;
          lock.release();
        }),
      );
    }));

  it('stop waiting when told to', () =>
    inFolder(async (folder) => {
      const {locks} = storeIn(folder);
      const lock = expectOk(await locks.acquire('one', {wait: true}));
      const stop = new AbortController();
      const waited = await locks.acquire('one', {
        wait: true,
        signal: stop.signal,
        onWait: () => stop.abort(),
      });
      assert.ok(!waited.ok && waited.error.reason === 'locked');
      lock.release();
    }));

  it('say what is in the way of their folder', () =>
    inFolder(async (folder) => {
      const store = storeIn(folder);
      writeFileSync(join(folder, 'state'), 'a file');
      const failure = systemFailureOf(await store.locks.acquire('one', {wait: false}));
      assert.match(failure.message, /a file is in the way of a folder/);
      assert.ok(existsSync(join(folder, 'state')));
    }));
});
