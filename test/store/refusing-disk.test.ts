import assert from 'node:assert/strict';
import {mkdirSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {Digest} from '../../pipeline/model/stage.js';
import type {RunJournal} from '../../pipeline/store/journal.js';
import {
  expectOk,
  fill,
  fingerprint,
  inFolder,
  make,
  RUN,
  STAGE,
  STORY,
  storeIn,
  systemFailureOf,
  withMount,
} from './workplace.js';

const {digest} = fingerprint();

function begin(journal: RunJournal): void {
  journal.append({
    type: 'run-started',
    run: journal.name,
    pipeline: 'demo',
    config: {file: 'demo.yaml', path: 'demo.yaml', digest: '0'.repeat(64) as Digest},
    stages: [STAGE],
    argv: [],
    message: null,
    tags: {},
    pid: process.pid,
    host: 'here',
  });
}

/** Runs the body on a mounted file system, or skips the test aloud where nobody may mount. */
async function onDisk(
  context: Mocha.Context,
  options: string,
  body: Parameters<typeof withMount>[1],
): Promise<void> {
  await inFolder(async (folder) => {
    if (await withMount({folder, options}, body)) return;
    console.log(`      skipped: a file system with "${options}" can be mounted by root only`);
    context.skip();
  });
}

describe('a full disk', () => {
  it('fails a commit with a reason and keeps the old artifact', async function () {
    await onDisk(this, 'size=512k', async (path) => {
      const store = storeIn(path);
      const first = await make(store, {'best.pt': 'one'});
      const attempt = expectOk(
        store.artifacts.begin({stage: STAGE, fingerprint: fingerprint(), run: RUN, fresh: true}),
      );
      writeFileSync(join(attempt.out, 'best.pt'), 'two');
      fill(path);
      const failure = systemFailureOf(await attempt.commit(STORY));
      assert.equal(failure.code, 'ENOSPC');
      assert.equal(failure.message, `${attempt.out}: no space left on the device`);
      assert.equal(
        failure.hint,
        'free some space and run again, nothing is lost; to keep the state elsewhere, use --home or PIPELINE_HOME',
      );
      expectOk(attempt.abandon());
      assert.deepEqual(store.artifacts.find(digest), first);
      assert.deepEqual(await store.artifacts.verify(first), []);
    });
  });

  it('fails to begin an attempt, a run and a lock with a reason', async function () {
    await onDisk(this, 'size=128k', async (path) => {
      const store = storeIn(path);
      mkdirSync(store.home);
      fill(path);
      const request = {stage: STAGE, fingerprint: fingerprint(), run: RUN, fresh: false};
      const codes = [
        store.artifacts.begin(request),
        store.runs.create({}),
        await store.locks.acquire('one', {wait: false}),
        store.last.record('demo', STAGE, {fingerprint: fingerprint(), run: RUN}),
      ].map((result) => systemFailureOf(result).code);
      assert.deepEqual(codes, ['ENOSPC', 'ENOSPC', 'ENOSPC', 'ENOSPC']);
    });
  });

  it('loses no event of a journal: they go out when there is space again', async function () {
    await onDisk(this, 'size=256k', async (path) => {
      const {runs} = storeIn(path);
      const journal = expectOk(runs.create({name: 'calm-carina'}));
      begin(journal);
      const fillers = fill(path);
      report(journal, 100);
      const place = expectOk(runs.resolve('calm-carina'));
      const written = expectOk(runs.events(place)).events.length;
      assert.ok(written < 101, 'the disk was to refuse some');
      for (const filler of fillers) rmSync(filler);
      const last = journal.append({type: 'run-finished', status: 'failed', seconds: 1});
      expectOk(journal.close());
      const {events} = expectOk(runs.events(place));
      assert.equal(last.seq, 102);
      assert.deepEqual(
        events.map(({seq}) => seq),
        Array.from({length: 102}, (_, index) => index + 1),
      );
      assert.equal(expectOk(runs.list())[0]!.record.status, 'failed');
    });
  });

  it('is said when a journal is closed that could not be written to its end', async function () {
    await onDisk(this, 'size=256k', async (path) => {
      const journal = expectOk(storeIn(path).runs.create({}));
      begin(journal);
      fill(path);
      report(journal, 100);
      assert.equal(systemFailureOf(journal.close()).code, 'ENOSPC');
    });
  });
});

/** More than what is left of a page of the file. */
function report(journal: RunJournal, times: number): void {
  for (let done = 1; done <= times; done++)
    journal.append({type: 'stage-progress', stage: STAGE, done, total: null, unit: 'images'});
}

describe('a read-only disk', () => {
  it('is read as ever, and refuses to be written with a reason', async function () {
    await onDisk(this, 'size=512k', async (path, remount) => {
      const made = await make(storeIn(path), {'best.pt': 'one'});
      remount('ro');
      const store = storeIn(path);
      assert.deepEqual(store.artifacts.find(digest), made);
      assert.deepEqual(await store.artifacts.verify(made), []);
      const results = [
        store.artifacts.begin({stage: STAGE, fingerprint: fingerprint({version: 2}), run: RUN, fresh: false}),
        store.runs.create({}),
        await store.locks.acquire('one', {wait: false}),
        store.stats.save(),
      ];
      for (const result of results) {
        const failure = systemFailureOf(result);
        assert.deepEqual([failure.code, failure.path?.startsWith(path)], ['EROFS', true]);
        assert.match(failure.message, /: the file system is read-only$/);
      }
      remount('rw');
    });
  });
});
