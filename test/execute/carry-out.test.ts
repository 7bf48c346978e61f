import assert from 'node:assert/strict';
import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {carryOut} from '../../pipeline/execute/carry-out.js';
import type {Executor} from '../../pipeline/execute/work-order.js';
import type {Decision} from '../../pipeline/model/decision.js';
import type {News} from '../../pipeline/model/event.js';
import {err, ok} from '../../pipeline/model/result.js';
import {digest, kind} from '../cache/stages.js';
import {expectOk, fingerprint, inFolder, make, RUN, STAGE, storeIn, withMount} from '../store/workplace.js';
import {failureOf, misread, order, tools, write} from './carrying.js';

describe('carrying out a stage', () => {
  it('turns what it wrote into the artifact', () =>
    inFolder(async (folder) => {
      const store = storeIn(folder);
      const {outcome, record} = await carryOut(order(), tools(store, write));
      assert.ok(outcome.status === 'succeeded' && record !== null);
      assert.deepEqual([outcome.how, outcome.summary], ['ran', {epochs: 3}]);
      const path = store.layout.artifact(fingerprint().digest);
      assert.equal(readFileSync(join(path, 'best.pt'), 'utf8'), 'weights');
    }));

  it('leaves no artifact behind when it fails', () =>
    inFolder(async (folder) => {
      const store = storeIn(folder);
      const settled = await carryOut(
        order({retries: 2}),
        tools(store, async () => err(misread)),
      );
      assert.deepEqual(failureOf(settled), misread);
      assert.equal(store.artifacts.find(fingerprint().digest), null);
    }));

  it('does not try again what ran in this process, and holds its lock until its work is over', () =>
    inFolder(async (folder) => {
      const store = storeIn(folder);
      let starts = 0;
      let finish: () => void = () => {};
      const hangs: Executor = async ({noteAbandoned}) => {
        starts += 1;
        const work = new Promise<void>((resolve) => {
          finish = resolve;
        });
        noteAbandoned(work);
        return err({reason: 'timed-out', what: STAGE, afterMs: 50});
      };
      const inProcess = order({retries: 2, kind: kind()});
      assert.equal(failureOf(await carryOut(inProcess, tools(store, hangs))).reason, 'timed-out');
      assert.equal(starts, 1);
      const name = `stage-${fingerprint().digest}`;
      const early = await store.locks.acquire(name, {wait: false});
      assert.ok(!early.ok && early.error.reason === 'locked');
      finish();
      expectOk(await store.locks.acquire(name, {wait: true})).release();
    }));

  it('makes a failure of the system out of what the system throws', () =>
    inFolder(async (folder) => {
      const execute: Executor = async ({context}) => {
        writeFileSync(join(context.out, 'missing', 'file'), '');
        return ok({});
      };
      const failure = failureOf(await carryOut(order(), tools(storeIn(folder), execute)));
      assert.ok(failure.reason === 'system');
      assert.equal(failure.code, 'ENOENT');
    }));

  it('tells a fault of ours with its trace', () =>
    inFolder(async (folder) => {
      const execute: Executor = () => Promise.reject(new Error('Internal error: odd'));
      const failure = failureOf(await carryOut(order(), tools(storeIn(folder), execute)));
      assert.ok(failure.reason === 'threw');
      assert.equal(failure.message, 'Internal error: odd');
      assert.match(failure.trace, /carry-out\.test/);
    }));

  it('marks the artifact when an input changed meanwhile', () =>
    inFolder(async (folder) => {
      const changedInputs = async () => ['images'];
      const {outcome, record} = await carryOut(order(), tools(storeIn(folder), write, {changedInputs}));
      assert.ok(outcome.status === 'succeeded');
      assert.deepEqual([outcome.tainted, record?.tainted], [['images'], ['images']]);
    }));

  it('takes what another run made while it waited for it', () =>
    inFolder(async (folder) => {
      const store = storeIn(folder);
      const lock = await store.locks.acquire(`stage-${fingerprint().digest}`, {wait: false});
      const held = expectOk(lock);
      const notes: string[] = [];
      const decisions: Decision[] = [];
      const report = (item: News) => {
        if (item.type === 'stage-decided') decisions.push(item.decision);
        if (item.type !== 'stage-note') return;
        notes.push(item.text);
        // The other run ends well as soon as we wait for it.
        void make(store, {'best.pt': 'weights'}).then(() => held.release());
      };
      const never: Executor = () => Promise.reject(new Error('must not run'));
      const {outcome} = await carryOut(order(), tools(store, never, {report}));
      assert.ok(outcome.status === 'succeeded');
      assert.equal(outcome.how, 'restored');
      const text = `same inputs as in run ${RUN} of 2026-01-05`;
      assert.deepEqual(decisions, [{action: 'restore', because: [{code: 'restored', text}]}]);
      assert.match(notes.join(), /^waits for process \d+ \(.*\), which makes the same artifact$/);
    }));

  it('does not wait when it must not', () =>
    inFolder(async (folder) => {
      const store = storeIn(folder);
      const held = expectOk(await store.locks.acquire(`stage-${fingerprint().digest}`, {wait: false}));
      const failure = failureOf(await carryOut(order(), tools(store, write, {waitForLock: false})));
      held.release();
      assert.ok(failure.reason === 'busy');
      assert.match(failure.message, /^process \d+ \(.*\) makes the same artifact$/);
    }));

  it('begins afresh when forced, after it has ended what was left', () =>
    inFolder(async (folder) => {
      const store = storeIn(folder);
      const leave: Executor = async ({context}) => {
        writeFileSync(join(context.resume, 'checkpoint'), '');
        return err(misread);
      };
      await carryOut(order(), tools(store, leave));
      const dismissed: string[] = [];
      const look: Executor = async (given) => {
        assert.ok(!existsSync(join(given.context.resume, 'checkpoint')));
        return write(given);
      };
      const dismiss = async (resume: string) => {
        dismissed.push(resume);
        return ok(null);
      };
      const {outcome} = await carryOut(order(), tools(store, look, {isForced: () => true, dismiss}));
      assert.equal(outcome.status, 'succeeded');
      assert.deepEqual(dismissed, [store.layout.resume(fingerprint().digest)]);
    }));

  it('is given what it made of other inputs before, unless it begins afresh', () =>
    inFolder(async (folder) => {
      const store = storeIn(folder);
      const of = fingerprint({needs: {dataset: digest('another data set')}});
      const earlierOf = async () => [await make(store, {'best.pt': 'earlier'}, {of})];
      const seen: (readonly string[])[] = [];
      const look: Executor = async (given) => {
        seen.push((await given.context.earlier()).map(({path}) => path));
        return write(given);
      };
      for (const isForced of [() => false, () => true]) {
        const {outcome} = await carryOut(order(), tools(store, look, {earlierOf, isForced}));
        assert.equal(outcome.status, 'succeeded');
      }
      assert.deepEqual(seen, [[store.layout.artifact(of.digest)], []]);
    }));

  it('fails with a hint, and loses nothing, when the disk is full', async function () {
    await inFolder(async (folder) => {
      const mounted = await withMount({folder, options: 'size=1m'}, async (path) => {
        const store = storeIn(path);
        const fill: Executor = async ({context}) => {
          writeFileSync(join(context.out, 'best.pt'), Buffer.alloc(4 << 20));
          return ok({});
        };
        const failure = failureOf(await carryOut(order(), tools(store, fill)));
        assert.ok(failure.reason === 'system');
        assert.equal(failure.code, 'ENOSPC');
        assert.match(failure.hint, /free some space/);
        assert.equal((await carryOut(order(), tools(store, write))).outcome.status, 'succeeded');
      });
      if (!mounted) this.skip();
    });
  });
});
