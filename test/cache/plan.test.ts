import assert from 'node:assert/strict';
import {existsSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {createHasher} from '../../pipeline/cache/hash.js';
import {type Facts, inspectStage} from '../../pipeline/cache/inspect.js';
import {planRun} from '../../pipeline/cache/plan.js';
import type {Digest, RunName, Stage, StageGraph, StageId} from '../../pipeline/model/stage.js';
import {expectOk, inFolder, STORY, storeIn, systemFailureOf} from '../store/workplace.js';
import {graphOf, id, kind, need, stage} from './stages.js';

const RUN = 'calm-carina' as RunName;

function factsIn(folder: string): Facts {
  const store = storeIn(folder);
  return {store, hasher: createHasher(store.stats), pipeline: 'demo', environment: {}};
}

function chain(folder: string, changed: {split?: Partial<Stage>; train?: Partial<Stage>} = {}): StageGraph {
  const csv = {param: 'csv', path: join(folder, 'labels.csv')};
  const paths = [{param: 'csv', is: 'file', hint: 'download it'}] as const;
  return graphOf(
    stage({
      name: 'split',
      kind: kind({uses: 'split', output: 'folds', paths}),
      params: {seed: 1},
      files: [csv],
      ...changed.split,
    }),
    stage({name: 'train', needs: [need('split', 'folds')], ...changed.train}),
    stage({name: 'predict', kind: kind({uses: 'predict'}), needs: [need('train', 'model')], params: {}}),
  );
}

/** The chain with an audit of the split beside it, which the training only waits for. */
function guarded(folder: string, changed: {audit?: Partial<Stage>; train?: Partial<Stage>} = {}): StageGraph {
  const [split, , predict] = [...chain(folder).values()];
  const inputs = [
    {type: 'folds', optional: false},
    {type: 'audit', optional: true, inKey: false},
  ] as const;
  return graphOf(
    split!,
    stage({
      name: 'audit',
      kind: kind({uses: 'audit', output: 'audit'}),
      needs: [need('split', 'folds')],
      params: {bits: 2},
      ...changed.audit,
    }),
    stage({
      name: 'train',
      kind: kind({inputs}),
      needs: [need('split', 'folds'), need('audit', 'audit')],
      params: {epochs: 3},
      ...changed.train,
    }),
    predict!,
  );
}

/** Runs the graph as the executor will, each stage writing what it is told. */
async function run(graph: StageGraph, facts: Facts, outputs: Readonly<Record<string, string>> = {}) {
  const done = new Map<StageId, Digest>();
  for (const each of graph.values()) {
    const {fingerprint, decision, found} = expectOk(
      await inspectStage({stage: each, needs: done, forced: false}, facts),
    );
    let artifact = found;
    if (decision.action === 'run') {
      const begun = facts.store.artifacts.begin({stage: each.id, fingerprint, run: RUN, fresh: false});
      const attempt = expectOk(begun);
      writeFileSync(join(attempt.out, 'out.txt'), outputs[each.id] ?? each.id);
      artifact = expectOk(await attempt.commit(STORY));
    }
    done.set(each.id, artifact!.output);
    expectOk(facts.store.last.record('demo', each.id, {fingerprint, run: RUN}));
  }
}

async function plan(graph: StageGraph, facts: Facts, changed: {selected?: string[]; forced?: string[]} = {}) {
  const selected = new Set<StageId>(changed.selected?.map(id) ?? graph.keys());
  const planned = expectOk(await planRun({graph, selected, forced: new Set(changed.forced?.map(id))}, facts));
  return planned.map(({stage: {id: name}, state, decision}) => [
    name,
    state,
    decision.action,
    ...decision.because.map(({text}) => text),
  ]);
}

/** The folder of the first stage's artifact. */
async function artifactOf(graph: StageGraph, facts: Facts): Promise<string> {
  const [first] = expectOk(await planRun({graph, selected: new Set(), forced: new Set()}, facts));
  return facts.store.layout.artifact(first!.fingerprint!.digest);
}

describe('a plan', () => {
  it('runs everything the first time, and makes nothing', () =>
    inFolder(async (folder) => {
      writeFileSync(join(folder, 'labels.csv'), 'a');
      assert.deepEqual(await plan(chain(folder), factsIn(folder)), [
        ['split', 'runs', 'run', 'first run'],
        ['train', 'runs', 'run', 'needs split, which runs', 'first run'],
        ['predict', 'runs', 'run', 'needs train, which runs', 'first run'],
      ]);
      assert.equal(existsSync(join(folder, 'state')), false);
    }));

  it('skips everything the second time', () =>
    inFolder(async (folder) => {
      writeFileSync(join(folder, 'labels.csv'), 'a');
      await run(chain(folder), factsIn(folder));
      assert.deepEqual(await plan(chain(folder), factsIn(folder)), [
        ['split', 'ready', 'skip', 'unchanged'],
        ['train', 'ready', 'skip', 'unchanged'],
        ['predict', 'ready', 'skip', 'unchanged'],
      ]);
    }));

  it('lists the own changes of a stage behind the need that runs', () =>
    inFolder(async (folder) => {
      writeFileSync(join(folder, 'labels.csv'), 'a');
      await run(chain(folder), factsIn(folder));
      writeFileSync(join(folder, 'labels.csv'), 'b');
      const graph = chain(folder, {train: {params: {epochs: 5, optimizer: {name: 'adamw', lr: 1e-4}}}});
      assert.deepEqual(await plan(graph, factsIn(folder)), [
        ['split', 'runs', 'run', 'file csv changed'],
        ['train', 'runs', 'run', 'needs split, which runs', 'epochs 3 → 5 (full.yaml:40)'],
        ['predict', 'runs', 'run', 'needs train, which runs'],
      ]);
    }));

  it('restores what comes back, and what follows from it', () =>
    inFolder(async (folder) => {
      writeFileSync(join(folder, 'labels.csv'), 'a');
      await run(chain(folder), factsIn(folder), {split: 'a'});
      writeFileSync(join(folder, 'labels.csv'), 'b');
      await run(chain(folder), factsIn(folder), {split: 'b', train: 'b'});
      writeFileSync(join(folder, 'labels.csv'), 'a');
      const same = 'same inputs as in run calm-carina of 2026-01-05';
      assert.deepEqual(await plan(chain(folder), factsIn(folder)), [
        ['split', 'ready', 'restore', same, 'file csv changed'],
        ['train', 'ready', 'restore', same, 'split gave another output'],
        ['predict', 'ready', 'restore', same, 'train gave another output'],
      ]);
    }));

  it('skips behind a stage that ran and gave the same output', () =>
    inFolder(async (folder) => {
      writeFileSync(join(folder, 'labels.csv'), 'a');
      await run(chain(folder), factsIn(folder));
      writeFileSync(join(folder, 'labels.csv'), 'b');
      await run(chain(folder), factsIn(folder));
      assert.deepEqual(
        (await plan(chain(folder), factsIn(folder))).map(([name, , action]) => [name, action]),
        [
          ['split', 'skip'],
          ['train', 'skip'],
          ['predict', 'skip'],
        ],
      );
    }));

  it('only looks up stages that are not selected', () =>
    inFolder(async (folder) => {
      writeFileSync(join(folder, 'labels.csv'), 'a');
      assert.deepEqual(await plan(chain(folder), factsIn(folder), {selected: ['train'], forced: ['split']}), [
        ['split', 'left-out', 'run', 'first run'],
        ['train', 'left-out', 'run', 'needs split, which is left out', 'first run'],
        ['predict', 'left-out', 'run', 'needs train, which is left out', 'first run'],
      ]);
      await run(chain(folder), factsIn(folder));
      assert.deepEqual(
        await plan(chain(folder), factsIn(folder), {selected: ['train'], forced: ['split', 'train']}),
        [
          ['split', 'ready', 'skip', 'unchanged'],
          ['train', 'runs', 'run', 'forced'],
          ['predict', 'left-out', 'run', 'needs train, which runs'],
        ],
      );
    }));

  it('decides a stage without what it only waits for', () =>
    inFolder(async (folder) => {
      writeFileSync(join(folder, 'labels.csv'), 'a');
      await run(guarded(folder), factsIn(folder));
      const again = guarded(folder, {audit: {params: {bits: 4}}});
      assert.deepEqual(await plan(again, factsIn(folder)), [
        ['split', 'ready', 'skip', 'unchanged'],
        ['audit', 'runs', 'run', 'bits 2 → 4'],
        ['train', 'ready', 'skip', 'unchanged', 'waits for audit, which runs'],
        ['predict', 'ready', 'skip', 'unchanged'],
      ]);
      const both = guarded(folder, {audit: {params: {bits: 4}}, train: {params: {epochs: 5}}});
      assert.deepEqual(await plan(both, factsIn(folder)), [
        ['split', 'ready', 'skip', 'unchanged'],
        ['audit', 'runs', 'run', 'bits 2 → 4'],
        ['train', 'runs', 'run', 'epochs 3 → 5 (full.yaml:40)', 'waits for audit, which runs'],
        ['predict', 'runs', 'run', 'needs train, which runs'],
      ]);
      // It must be there: without it the stage would not run.
      assert.deepEqual(await plan(again, factsIn(folder), {selected: ['train']}), [
        ['split', 'ready', 'skip', 'unchanged'],
        ['audit', 'left-out', 'run', 'bits 2 → 4'],
        ['train', 'left-out', 'run', 'needs audit, which is left out'],
        ['predict', 'left-out', 'run', 'needs train, which is left out'],
      ]);
      await run(again, factsIn(folder), {audit: 'another audit'});
      assert.deepEqual(
        (await plan(again, factsIn(folder))).map(([name, ...decided]) => [name, decided.join(' ')]),
        ['split', 'audit', 'train', 'predict'].map((name) => [name, 'ready skip unchanged']),
      );
    }));

  it('names what else is open beside what is only waited for', () =>
    inFolder(async (folder) => {
      writeFileSync(join(folder, 'labels.csv'), 'a');
      await run(guarded(folder), factsIn(folder));
      writeFileSync(join(folder, 'labels.csv'), 'b');
      assert.deepEqual((await plan(guarded(folder), factsIn(folder))).slice(1, 3), [
        ['audit', 'runs', 'run', 'needs split, which runs'],
        ['train', 'runs', 'run', 'needs split, which runs', 'waits for audit, which runs'],
      ]);
    }));

  it('goes on where data are missing, and says which', () =>
    inFolder(async (folder) => {
      writeFileSync(join(folder, 'labels.csv'), 'a');
      await run(chain(folder), factsIn(folder));
      rmSync(join(folder, 'labels.csv'));
      const graph = chain(folder, {split: {params: {seed: 2}}});
      assert.deepEqual(await plan(graph, factsIn(folder)), [
        ['split', 'runs', 'run', `csv is not there: ${join(folder, 'labels.csv')}`, 'seed 1 → 2'],
        ['train', 'runs', 'run', 'needs split, which runs'],
        ['predict', 'runs', 'run', 'needs train, which runs'],
      ]);
    }));

  it('runs a stage whose output was removed by hand', () =>
    inFolder(async (folder) => {
      writeFileSync(join(folder, 'labels.csv'), 'a');
      const facts = factsIn(folder);
      await run(chain(folder), facts);
      rmSync(join(await artifactOf(chain(folder), facts), 'out.txt'));
      assert.deepEqual(await plan(chain(folder), factsIn(folder)), [
        ['split', 'runs', 'run', 'output out.txt is missing'],
        ['train', 'runs', 'run', 'needs split, which runs'],
        ['predict', 'runs', 'run', 'needs train, which runs'],
      ]);
    }));

  it('fails with a reason where an artifact cannot be looked at', () =>
    inFolder(async (folder) => {
      writeFileSync(join(folder, 'labels.csv'), 'a');
      await run(chain(folder), factsIn(folder));
      const [graph, facts] = [chain(folder), factsIn(folder)];
      const path = join(await artifactOf(graph, facts), 'stage.json');
      rmSync(path);
      // A link in a circle refuses everybody, also root.
      symlinkSync('stage.json', path);
      const everything = {graph, selected: new Set(graph.keys()), forced: new Set<StageId>()};
      const split = graph.get(id('split'))!;
      for (const result of [
        await planRun(everything, facts),
        await inspectStage({stage: split, needs: new Map(), forced: false}, facts),
      ]) {
        const {code, path: refused} = systemFailureOf(result);
        assert.deepEqual([code, refused], ['ELOOP', path]);
      }
    }));

  it('runs a stage whose record was damaged by hand', () =>
    inFolder(async (folder) => {
      writeFileSync(join(folder, 'labels.csv'), 'a');
      await run(chain(folder), factsIn(folder));
      const path = join(await artifactOf(chain(folder), factsIn(folder)), 'stage.json');
      rmSync(path);
      writeFileSync(path, '{}');
      const [split] = await plan(chain(folder), factsIn(folder));
      assert.deepEqual(split, ['split', 'runs', 'run', 'its artifact is gone']);
      await run(chain(folder), factsIn(folder));
      const planned = await plan(chain(folder), factsIn(folder));
      assert.deepEqual(
        planned.map(([, state]) => state),
        ['ready', 'ready', 'ready'],
      );
    }));
});
