import assert from 'node:assert/strict';
import {mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {ok} from '../../pipeline/model/result.js';
import type {Stage} from '../../pipeline/model/stage.js';
import type {StageContext} from '../../pipeline/model/stage-kind.js';
import {kind, stage} from '../cache/stages.js';
import {expectOk, inFolder, storeIn} from '../store/workplace.js';
import {play} from './rig.js';

/** A stage that does this and makes nothing. */
function doing(work: (context: StageContext) => void, changed: Partial<Stage> = {}): Stage {
  const run = async (context: StageContext) => {
    work(context);
    return ok({});
  };
  const own = kind({uses: 'split', output: 'folds', work: {kind: 'in-process', run}});
  return stage({name: 'split', kind: own, params: {}, ...changed});
}

describe('one run', () => {
  it('has its end in its journal also after a fault of the program, which is told and lets the lock go', () =>
    inFolder(async (folder) => {
      const store = storeIn(folder);
      const told: string[] = [];
      const broken = play({
        ...{folder, store, stages: [doing(() => {})]},
        receive: (event) => {
          told.push(event.type);
          if (event.type === 'stage-decided') throw new Error('Internal error: broken');
        },
      });
      await assert.rejects(broken, /Internal error: broken/);
      const place = expectOk(store.runs.resolve('calm-carina'));
      const {status, finishedAt} = expectOk(store.runs.read(place));
      assert.deepEqual([status, finishedAt === null], ['failed', false]);
      assert.equal(told.at(-1), 'run-finished');
      expectOk(await store.locks.acquire('pipeline-demo', {wait: false}));
    }));

  it('warns of what could not be written down about it, and goes on', () =>
    inFolder(async (folder) => {
      const store = storeIn(folder);
      const ended = await play({
        ...{folder, store, stages: [doing(() => {})]},
        receive: (event) => {
          if (event.type !== 'run-started') return;
          for (const name of ['config.resolved.yaml', 'environment.json'])
            mkdirSync(join(store.layout.run(event.run), name));
        },
      });
      const {record, folder: runFolder} = expectOk(ended);
      assert.equal(record.status, 'succeeded');
      assert.deepEqual(
        record.stages[0]!.warnings,
        ['config.resolved.yaml', 'environment.json'].map((name) => {
          const path = join(runFolder, `.${name}.tmp`);
          return `this run is kept without its ${name}: ${path}: a folder is in the way of a file`;
        }),
      );
    }));

  it('keeps what it hashed before a stage begins, whatever becomes of the stage', () =>
    inFolder(async (folder) => {
      const csv = join(folder, 'labels.csv');
      writeFileSync(csv, 'a');
      let known: readonly string[] = [];
      const looks = doing(
        () => {
          known = storeIn(folder).stats.table(`file ${csv}`).names;
        },
        {files: [{param: 'csv', path: csv}]},
      );
      expectOk(await play({folder, store: storeIn(folder), stages: [looks]}));
      assert.equal(known.length, 1);
    }));
});
