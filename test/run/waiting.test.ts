import assert from 'node:assert/strict';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {fault} from '../../pipeline/model/diagnostic.js';
import {err, ok} from '../../pipeline/model/result.js';
import type {Stage} from '../../pipeline/model/stage.js';
import type {StageContext, StageResult} from '../../pipeline/model/stage-kind.js';
import type {Store} from '../../pipeline/store/store.js';
import {id, kind, need, stage} from '../cache/stages.js';
import {expectOk, inFolder, storeIn} from '../store/workplace.js';
import {play} from './rig.js';

type Done = {log: string[]; finding: string; passes: boolean};

/** A training that waits for an audit, which finds what it is told; `log` is what they did, in order. */
function stages(done: Done): readonly Stage[] {
  const audit = async ({out, params}: StageContext): Promise<StageResult> => {
    // Gives the training the time to begin, if it would.
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    writeFileSync(join(out, 'audit.json'), done.finding);
    done.log.push(`audit ${params['bits']}`);
    const faults = [fault('a patient is in two folds', null)];
    return done.passes ? ok({}) : err({reason: 'invalid-input', diagnostics: faults});
  };
  const train = async (context: StageContext): Promise<StageResult> => {
    writeFileSync(join(context.out, 'best.pt'), 'weights');
    done.log.push(`train after ${context.need('audit').type}`);
    return ok({});
  };
  const inputs = [{type: 'audit', optional: false, inKey: false}] as const;
  return [
    stage({
      name: 'audit',
      kind: kind({uses: 'split', output: 'audit', work: {kind: 'in-process', run: audit}}),
      params: {bits: done.finding.length},
    }),
    stage({
      name: 'train',
      kind: kind({inputs, work: {kind: 'in-process', run: train}}),
      needs: [need('audit', 'audit')],
      params: {},
    }),
  ];
}

describe('a stage that another one only waits for', () => {
  it('runs first, and what it gives does not make the other one run again', () =>
    inFolder(async (folder) => {
      const done: Done = {log: [], finding: 'nothing', passes: true};
      assert.deepEqual(await outcomes({folder, store: storeIn(folder), name: 'first'}, done), ['ran', 'ran']);
      assert.deepEqual(done.log.splice(0), ['audit 7', 'train after audit']);
      done.finding = 'two near duplicates';
      assert.deepEqual(await outcomes({folder, store: storeIn(folder), name: 'second'}, done), [
        'ran',
        'skipped',
      ]);
      assert.deepEqual(done.log, ['audit 19']);
    }));

  it('keeps the other one from running, and from counting as done, when it fails', () =>
    inFolder(async (folder) => {
      const done: Done = {log: [], finding: 'a leak', passes: false};
      const store = storeIn(folder);
      assert.deepEqual(await outcomes({folder, store, name: 'first'}, done), ['failed', 'needs audit']);
      done.passes = true;
      assert.deepEqual(await outcomes({folder, store, name: 'second'}, done), ['ran', 'ran']);
      assert.deepEqual(done.log.splice(0), ['audit 6', 'audit 6', 'train after audit']);
      Object.assign(done, {passes: false, finding: 'another leak'});
      assert.deepEqual(await outcomes({folder, store, name: 'third'}, done), ['failed', 'needs audit']);
      assert.deepEqual(done.log, ['audit 12']);
      assert.equal(expectOk(store.runs.list())[0]!.record.status, 'failed');
    }));
});

async function outcomes(
  run: Readonly<{folder: string; store: Store; name: string}>,
  done: Done,
): Promise<readonly string[]> {
  const {settled} = expectOk(await play({...run, stages: stages(done)}));
  return ['audit', 'train'].map((name) => {
    const {outcome} = settled.get(id(name))!;
    if (outcome.status === 'succeeded') return outcome.how;
    if (outcome.status === 'failed') return outcome.status;
    return typeof outcome.because === 'string' ? outcome.because : `needs ${outcome.because.needs}`;
  });
}
