import assert from 'node:assert/strict';
import {EventEmitter, once} from 'node:events';
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

  it('is waited for until it has stopped', () =>
    inFolder(async (folder) => {
      const [waiting, told] = [new EventEmitter(), new AbortController()];
      let written = false;
      const cleansUp = async ({signal}: StageContext) => {
        await once(signal, 'abort');
        setImmediate(() => waiting.emit('cleaned'));
        await once(waiting, 'cleaned');
        written = true;
        return err({reason: 'threw', message: 'aborted', trace: ''} as const);
      };
      const options = {stage: {timeoutMs: 50}, onAbandoned: () => told.abort()};
      const result = await play(folder, cleansUp, options);
      assert.deepEqual(result, err({reason: 'timed-out', what: 'train', afterMs: 50}));
      assert.deepEqual([written, told.signal.aborted], [true, false]);
    }));

  it('is given up at once when it must stop at once, and noted', () =>
    inFolder(async (folder) => {
      const kill = new AbortController();
      const noted: Promise<unknown>[] = [];
      const onAbandoned = (work: Promise<unknown>) => noted.push(work);
      const playing = play(folder, () => new Promise(() => {}), {kill: kill.signal, onAbandoned});
      kill.abort();
      assert.deepEqual(await playing, err(stopped));
      assert.equal(noted.length, 1);
    }));
});
