import assert from 'node:assert/strict';
import {once} from 'node:events';
import {runInProcess} from '../../pipeline/execute/in-process.js';
import {err, ok} from '../../pipeline/model/result.js';
import type {StageContext, StageResult, Work} from '../../pipeline/model/stage-kind.js';
import {inFolder} from '../store/workplace.js';
import {type OrderOptions, orderFor} from './orders.js';

type InProcess = Extract<Work, {kind: 'in-process'}>;

function play(
  folder: string,
  run: (context: StageContext) => Promise<StageResult>,
  options: OrderOptions = {},
): Promise<StageResult> {
  const work: InProcess = {kind: 'in-process', run};
  return runInProcess(work, orderFor(folder, work, options));
}

const stopped = {
  ...{reason: 'exited', what: 'train', code: null, signal: 'SIGTERM', rank: null},
  ...{message: 'stopped before its end', tail: []},
};

describe('a stage written in TypeScript', () => {
  it('gives its facts back', () =>
    inFolder(async (folder) => {
      assert.deepEqual(await play(folder, async () => ok({images: 3})), ok({images: 3}));
    }));

  it('is told by its signal when its time is over', () =>
    inFolder(async (folder) => {
      const waits = async ({signal}: StageContext) => {
        await once(signal, 'abort');
        return err({reason: 'threw', message: 'aborted', trace: ''} as const);
      };
      const result = await play(folder, waits, {stage: {timeoutMs: 50}});
      assert.deepEqual(result, err({reason: 'timed-out', what: 'train', afterMs: 50}));
    }));

  it('keeps what it has finished in its last moment', () =>
    inFolder(async (folder) => {
      const finishes = async ({signal}: StageContext) => {
        await once(signal, 'abort');
        return ok({images: 3});
      };
      assert.deepEqual(await play(folder, finishes, {stage: {timeoutMs: 50}}), ok({images: 3}));
    }));

  it('is left alone at once when it must stop at once', () =>
    inFolder(async (folder) => {
      const kill = new AbortController();
      const playing = play(folder, () => new Promise(() => {}), {kill: kill.signal});
      kill.abort();
      assert.deepEqual(await playing, err(stopped));
    }));
});
