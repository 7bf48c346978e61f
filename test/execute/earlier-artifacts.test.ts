import assert from 'node:assert/strict';
import {rmSync, symlinkSync} from 'node:fs';
import {join} from 'node:path';
import {earlierArtifacts, leftoverFolders} from '../../pipeline/execute/earlier-artifacts.js';
import type {RunOrder} from '../../pipeline/execute/schedule.js';
import type {Fingerprint, FingerprintParts} from '../../pipeline/model/decision.js';
import type {News} from '../../pipeline/model/event.js';
import type {Stage} from '../../pipeline/model/stage.js';
import type {Store} from '../../pipeline/store/store.js';
import {digest, kind, stage} from '../cache/stages.js';
import {ranWith, started, timedStore} from '../store/demo-run.js';
import {expectOk, fingerprint, inFolder, make, RUN, STAGE, STORY} from '../store/workplace.js';

/** What the stage was made of with these images. */
function of(images: string, changed: Partial<FingerprintParts> = {}): Fingerprint {
  return fingerprint({params: {size: 256}, needs: {dataset: digest(images)}, ...changed});
}

/** A run in which the stage succeeded with what it was made of. */
async function ran(
  store: Store,
  made: Fingerprint,
  {pipeline = 'demo', recorded = true}: {pipeline?: string; recorded?: boolean} = {},
): Promise<void> {
  await make(store, {'images.npy': made.digest}, {of: made});
  const journal = expectOk(store.runs.create({}));
  journal.append({...started(journal.name), pipeline} as ReturnType<typeof started>);
  journal.append(decided(made));
  journal.append(ranWith(made.digest));
  expectOk(journal.close());
  const seen = {fingerprint: made, run: journal.name};
  if (recorded) expectOk(store.last.record(pipeline, STAGE, seen));
}

/** Which images the artifacts are of that are offered to a stage that is to run with `images`. */
async function offered(store: Store, images: string, changed: Partial<Stage> = {}): Promise<string[]> {
  const own = stage({name: STAGE, params: {size: 256, threads: 8}, ...changed});
  const order = {stage: own, inspection: {fingerprint: of(images)}} as RunOrder;
  const records = await earlierArtifacts(order, {pipeline: 'demo', store});
  return records.map(
    (record) => NAMES.find((name) => digest(name) === record.fingerprint.parts.needs['dataset'])!,
  );
}

const NAMES = ['old', 'new', 'small', 'large', 'huge', 'now'];

describe('earlier artifacts', () => {
  it('are what the stage made in earlier runs of other inputs, newest first', () =>
    inFolder(async (folder) => {
      const store = timedStore(folder);
      assert.deepEqual(await offered(store, 'now'), []);
      for (const images of ['old', 'new', 'old']) await ran(store, of(images));
      assert.deepEqual(await offered(store, 'now'), ['old', 'new']);
      assert.deepEqual(await offered(store, 'old'), ['new'], 'not what it is to make');
      rmSync(store.layout.last('demo'));
      assert.deepEqual(await offered(timedStore(folder), 'now'), ['old', 'new'], 'also without the index');
    }));

  it('are three at most', () =>
    inFolder(async (folder) => {
      const store = timedStore(folder);
      for (const images of NAMES) await ran(store, of(images));
      assert.deepEqual(await offered(store, 'now'), ['huge', 'large', 'small']);
    }));

  it('are of the same kind, version and parameters, but for what only changes the speed', () =>
    inFolder(async (folder) => {
      const store = timedStore(folder);
      await ran(store, of('old'));
      await ran(store, of('new', {params: {size: 512}}));
      await ran(store, of('new', {version: 2}));
      await ran(store, of('new', {uses: 'predict'}));
      assert.deepEqual(await offered(store, 'now'), ['old']);
      assert.deepEqual(await offered(store, 'now', {params: {size: 512}}), ['new']);
      assert.deepEqual(await offered(store, 'now', {kind: kind({version: 2})}), ['new']);
    }));

  it('are of the same pipeline', () =>
    inFolder(async (folder) => {
      const store = timedStore(folder);
      await ran(store, of('old'), {pipeline: 'other'});
      assert.deepEqual(await offered(store, 'now'), []);
    }));

  it('are of one state of their inputs: one that is tainted is passed over', () =>
    inFolder(async (folder) => {
      const store = timedStore(folder);
      await ran(store, of('old'));
      const tainted = of('new');
      const begun = store.artifacts.begin({stage: STAGE, fingerprint: tainted, run: RUN, fresh: false});
      expectOk(await expectOk(begun).commit({...STORY, tainted: ['dataset/inventory.csv']}));
      expectOk(store.last.record('demo', STAGE, {fingerprint: tainted, run: RUN}));
      assert.deepEqual(await offered(store, 'now'), ['old']);
    }));

  it('are whole: one that is damaged, gone or cannot be looked at is passed over', () =>
    inFolder(async (folder) => {
      const store = timedStore(folder);
      for (const images of ['large', 'old', 'new', 'small']) await ran(store, of(images));
      const path = (images: string, file: string) => join(store.layout.artifact(of(images).digest), file);
      rmSync(path('small', 'images.npy'));
      rmSync(path('new', 'stage.json'));
      rmSync(path('old', 'stage.json'));
      // A link in a circle refuses everybody, also root.
      symlinkSync('stage.json', path('old', 'stage.json'));
      assert.deepEqual(await offered(store, 'now'), ['large']);
    }));
});

describe('leftovers', () => {
  const own = of('now');
  const order = {stage: stage({name: STAGE}), inspection: {fingerprint: own}} as RunOrder;
  const left = (store: Store): readonly string[] => leftoverFolders(order, {pipeline: 'demo', store});

  it('are artifacts and resume folders of whatever the stage was made of in runs of the pipeline', () =>
    inFolder(async (folder) => {
      const store = timedStore(folder);
      assert.deepEqual(left(store), []);
      const old = of('old', {params: {size: 512}});
      await ran(store, old);
      await ran(store, of('new'), {pipeline: 'other'});
      const failed = of('small');
      tried(store, failed);
      const {artifact, resume} = store.layout;
      assert.deepEqual(left(store), [resume(failed.digest), artifact(old.digest)]);
    }));

  it('are also a damaged artifact of the same, and no folder that is being filled for it', () =>
    inFolder(async (folder) => {
      const store = timedStore(folder);
      await ran(store, own);
      tried(store, own);
      rmSync(join(store.layout.artifact(own.digest), 'stage.json'));
      assert.deepEqual(left(store), [store.layout.artifact(own.digest)]);
    }));
});

function decided({digest: wanted}: Fingerprint): News {
  const decision = {action: 'run', because: [{code: 'first-run', text: 'first run'}]} as const;
  return {type: 'stage-decided', stage: STAGE, fingerprint: wanted, decision};
}

/** A run that was killed while it made this. */
function tried(store: Store, wanted: Fingerprint): void {
  const journal = expectOk(store.runs.create({}));
  journal.append(started(journal.name));
  journal.append(decided(wanted));
  expectOk(store.artifacts.begin({stage: STAGE, fingerprint: wanted, run: RUN, fresh: false}));
  expectOk(journal.close());
}
