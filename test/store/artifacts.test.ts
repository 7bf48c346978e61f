import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import type {Failure} from '../../pipeline/model/failure.js';
import {createArtifacts} from '../../pipeline/store/artifacts.js';
import {startTimeOf} from '../../pipeline/store/processes.js';
import {digestOf} from '../../pipeline/store/sha256.js';
import {openStore} from '../../pipeline/store/store.js';
import {
  expectOk,
  fingerprint,
  inFolder,
  make,
  RUN,
  STAGE,
  STORY,
  storeIn,
  systemEffects,
} from './workplace.js';

const {digest} = fingerprint();

describe('artifacts', () => {
  it('are found by their fingerprint with every output and its digest', () =>
    inFolder(async (folder) => {
      const store = storeIn(folder);
      assert.equal(store.artifacts.find(digest), null);
      const made = await make(store, {'last.pt': 'two\n', 'best.pt': 'one\n'});
      assert.deepEqual(made.outputs, [
        {path: 'best.pt', bytes: 4, sha256: digestOf('one\n')},
        {path: 'last.pt', bytes: 4, sha256: digestOf('two\n')},
      ]);
      assert.equal(made.output, digestOf(`best.pt\0${digestOf('one\n')}\nlast.pt\0${digestOf('two\n')}\n`));
      assert.deepEqual(storeIn(folder).artifacts.find(digest), made);
      assert.deepEqual(await storeIn(folder).artifacts.verify(made), []);
    }));

  it('are not there before they are committed, nor after they are abandoned', () =>
    inFolder((folder) => {
      const {artifacts, layout} = storeIn(folder);
      const attempt = expectOk(
        artifacts.begin({stage: STAGE, fingerprint: fingerprint(), run: RUN, fresh: false}),
      );
      writeFileSync(join(attempt.out, 'best.pt'), 'one');
      assert.equal(artifacts.find(digest), null);
      expectOk(attempt.abandon());
      assert.equal(artifacts.find(digest), null);
      assert.deepEqual(readdirSync(layout.artifacts), []);
    }));

  it('keep their files from being written to, but let them be removed', () =>
    inFolder(async (folder) => {
      const store = storeIn(folder);
      await make(store, {'best.pt': 'one'});
      const artifact = store.layout.artifact(digest);
      assert.equal(statSync(join(artifact, 'best.pt')).mode & 0o222, 0);
      assert.equal(statSync(join(artifact, 'stage.json')).mode & 0o222, 0);
      assert.equal(spawnSync('rm', ['-r', '-f', artifact]).status, 0);
      assert.equal(existsSync(artifact), false);
    }));

  it('refuse a link, which may lead out of them, and a file with the name of their record', () =>
    inFolder(async (folder) => {
      const {artifacts} = storeIn(folder);
      const attempt = expectOk(
        artifacts.begin({stage: STAGE, fingerprint: fingerprint(), run: RUN, fresh: false}),
      );
      writeFileSync(join(folder, 'outside'), 'text');
      symlinkSync(join(folder, 'outside'), join(attempt.out, 'best.pt'));
      writeFileSync(join(attempt.out, 'stage.json'), '{}');
      const committed = await attempt.commit(STORY);
      assert.ok(!committed.ok);
      assert.deepEqual(
        (committed.error as Extract<Failure, {reason: 'invalid-input'}>).diagnostics
          .map(({message}) => message)
          .sort(),
        ['output best.pt is no plain file', 'output stage.json has a reserved name'],
      );
      assert.equal(artifacts.find(digest), null);
    }));

  it('tell which of their outputs are missing, changed or unreadable', () =>
    inFolder(async (folder) => {
      const store = storeIn(folder);
      const made = await make(store, {a: '1', b: '2', c: '3', d: '4'});
      const artifact = store.layout.artifact(digest);
      rmSync(join(artifact, 'a'));
      chmodSync(join(artifact, 'b'), 0o644);
      writeFileSync(join(artifact, 'b'), 'X');
      rmSync(join(artifact, 'c'));
      symlinkSync('c', join(artifact, 'c'));
      const expected = [
        {path: 'a', is: 'missing'},
        {path: 'b', is: 'changed'},
        {path: 'c', is: 'unreadable'},
      ];
      assert.deepEqual(await store.artifacts.verify(made), expected);
      assert.deepEqual(await storeIn(folder).artifacts.verify(made), expected);
    }));

  it('notice a change of the same length even when its times were put back', () =>
    inFolder(async (folder) => {
      const store = storeIn(folder);
      const made = await make(store, {'best.pt': 'one'});
      const file = join(store.layout.artifact(digest), 'best.pt');
      await settle(file);
      assert.deepEqual(await store.artifacts.verify(made), []);
      const {atime, mtime} = statSync(file);
      chmodSync(file, 0o644);
      writeFileSync(file, 'two');
      utimesSync(file, atime, mtime);
      assert.deepEqual(await store.artifacts.verify(made), [{path: 'best.pt', is: 'changed'}]);
    }));

  it('are good after the state directory was copied, and are then read once', () =>
    inFolder(async (folder) => {
      const store = storeIn(folder);
      const made = await make(store, {'best.pt': 'one', 'last.pt': 'two'});
      expectOk(store.stats.save());
      cpSync(store.home, join(folder, 'copied'), {recursive: true});

      const copied = expectOk(openStore(join(folder, 'copied'), systemEffects()));
      await settle(join(copied.layout.artifact(digest), 'last.pt'));
      assert.deepEqual(await copied.artifacts.verify(copied.artifacts.find(digest)!), []);
      expectOk(copied.stats.save());
      // Nobody may read the files now: whoever verifies them again does not need to.
      const again = expectOk(openStore(join(folder, 'copied'), systemEffects()));
      const table = again.stats.table(`artifact ${digest}`);
      assert.deepEqual(table.names, ['best.pt', 'last.pt']);
      assert.equal(table.stats[1], statSync(join(again.layout.artifact(digest), 'best.pt')).mtimeMs);
      assert.deepEqual(await again.artifacts.verify(made), []);
    }));
});

describe('a second artifact of a fingerprint', () => {
  it('leaves a good one as it is', () =>
    inFolder(async (folder) => {
      const store = storeIn(folder);
      const first = await make(store, {'best.pt': 'one'});
      assert.deepEqual(await make(store, {'best.pt': 'two'}), first);
      assert.deepEqual(readdirSync(store.layout.artifacts), [digest]);
      assert.equal(readFileSync(join(store.layout.artifact(digest), 'best.pt'), 'utf8'), 'one');
    }));

  it('takes the place of a damaged one', () =>
    inFolder(async (folder) => {
      const store = storeIn(folder);
      await make(store, {'best.pt': 'one', 'last.pt': 'one'});
      rmSync(join(store.layout.artifact(digest), 'last.pt'));
      const second = await make(store, {'best.pt': 'two', 'last.pt': 'two'});
      assert.deepEqual(store.artifacts.find(digest), second);
      assert.deepEqual(await store.artifacts.verify(second), []);
      assert.deepEqual(readdirSync(store.layout.artifacts), [digest]);
    }));

  it('takes the place of one whose record is torn', () =>
    inFolder(async (folder) => {
      const store = storeIn(folder);
      await make(store, {'best.pt': 'one'});
      const record = join(store.layout.artifact(digest), 'stage.json');
      chmodSync(record, 0o644);
      writeFileSync(record, '{"schema": "pipe');
      assert.equal(store.artifacts.find(digest), null);
      const second = await make(store, {'best.pt': 'two'});
      assert.deepEqual(store.artifacts.find(digest), second);
    }));

  it('that was killed between its two renames leaves the first one, found where it was set aside', () =>
    inFolder(async (folder) => {
      const store = storeIn(folder);
      const first = await make(store, {'best.pt': 'one'});
      renameSync(store.layout.artifact(digest), store.layout.replaced(digest));
      cpSync(store.layout.replaced(digest), store.layout.attempt(digest, 2), {recursive: true});
      assert.deepEqual(storeIn(folder).artifacts.find(digest), first);
      await make(store, {'best.pt': 'two'}, {fresh: true});
      assert.deepEqual(readdirSync(store.layout.artifacts), [digest]);
    }));

  it('takes the place of a good one when it was forced and differs', () =>
    inFolder(async (folder) => {
      const store = storeIn(folder);
      const first = await make(store, {'best.pt': 'one'});
      assert.deepEqual(await make(store, {'best.pt': 'one'}, {fresh: true}), first);
      const third = await make(store, {'best.pt': 'two'}, {fresh: true});
      assert.equal(third.attempt, 2);
      assert.deepEqual(store.artifacts.find(digest), third);
      assert.deepEqual(await store.artifacts.verify(third), []);
    }));
});

describe('a further attempt', () => {
  const request = {stage: STAGE, fingerprint: fingerprint(), run: RUN, fresh: false};

  it('goes on from what the earlier one left in the resume folder, and says whose it was', () =>
    inFolder(async (folder) => {
      const first = expectOk(storeIn(folder).artifacts.begin(request));
      assert.equal(first.resumedFrom, null);
      writeFileSync(join(first.resume, 'checkpoint.pt'), 'step 40');

      const store = storeIn(folder);
      assert.deepEqual(store.artifacts.resumable(digest), {attempt: 1, run: RUN});
      const second = expectOk(store.artifacts.begin(request));
      assert.equal(existsSync(first.out), false);
      assert.equal(readFileSync(join(second.resume, 'checkpoint.pt'), 'utf8'), 'step 40');
      writeFileSync(join(second.out, 'best.pt'), 'done');
      const record = expectOk(await second.commit(STORY));
      assert.deepEqual([record.attempt, record.resumedFrom], [2, {attempt: 1, run: RUN}]);
      assert.deepEqual(readdirSync(store.layout.resumeFolders), []);
      assert.equal(store.artifacts.resumable(digest), null);
    }));

  it('begins at the beginning when it is forced', () =>
    inFolder((folder) => {
      const {artifacts} = storeIn(folder);
      writeFileSync(join(expectOk(artifacts.begin(request)).resume, 'checkpoint.pt'), 'step 40');
      const second = expectOk(artifacts.begin({...request, fresh: true}));
      assert.deepEqual([second.number, second.resumedFrom, readdirSync(second.resume)], [2, null, []]);
    }));

  it('does not go on from what a commit had no time to clear away', () =>
    inFolder(async (folder) => {
      const store = storeIn(folder);
      const first = expectOk(store.artifacts.begin(request));
      writeFileSync(join(first.out, 'best.pt'), 'one');
      writeFileSync(join(first.resume, 'checkpoint.pt'), 'the last step');
      cpSync(store.layout.resumeFolders, join(folder, 'kept'), {recursive: true});
      expectOk(await first.commit(STORY));
      cpSync(join(folder, 'kept'), store.layout.resumeFolders, {recursive: true});

      rmSync(join(store.layout.artifact(digest), 'best.pt'));
      const second = expectOk(store.artifacts.begin(request));
      assert.deepEqual([second.number, readdirSync(second.resume)], [2, []]);
    }));

  it('waits until what a killed driver left at work has ended', () =>
    inFolder(async (folder) => {
      const store = storeIn(folder);
      const first = expectOk(store.artifacts.begin(request));
      const note = {pid: process.ppid, startTime: startTimeOf(process.ppid)!, command: 'agent'};
      expectOk(first.noteChild(note));

      const refused = store.artifacts.begin(request);
      assert.ok(!refused.ok);
      assert.deepEqual(refused.error, {
        reason: 'system',
        code: 'EBUSY',
        path: store.layout.artifact(digest),
        message: `process ${process.ppid} (agent) still works on an earlier attempt at this stage`,
        hint: `wait for it, or end it: kill ${process.ppid}`,
      });
      assert.deepEqual(
        store.artifacts.orphans(digest).map(({pid}) => pid),
        [process.ppid],
      );
      expectOk(first.noteChild({...note, startTime: 'another time'}));
    }));

  it('minds a living driver whose attempt is under way, but not one whose number went to another process', () =>
    inFolder((folder) => {
      const other = {...systemEffects(), pid: process.ppid};
      expectOk(storeIn(folder, other).artifacts.begin(request));
      const store = storeIn(folder);
      assert.ok(!store.artifacts.begin(request).ok);

      const reused = createArtifacts({
        layout: store.layout,
        stats: store.stats,
        self: () => ({pid: process.ppid, startTime: 'long ago', host: other.host, command: '', since: ''}),
      });
      rmSync(store.layout.artifacts, {recursive: true});
      rmSync(store.layout.resumeFolders, {recursive: true});
      expectOk(reused.begin(request));
      assert.equal(expectOk(store.artifacts.begin(request)).number, 2);
    }));
});

/** Waits until the file's last change is so old that its state proves its content. */
async function settle(file: string): Promise<void> {
  while (Date.now() - statSync(file).ctimeMs < 50) await new Promise((resolve) => setImmediate(resolve));
}
