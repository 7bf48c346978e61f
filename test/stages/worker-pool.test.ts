import assert from 'node:assert/strict';
import {runOnWorkers} from '../../pipeline/stages/worker-pool.js';

const SCRIPT = new URL('pool-worker.js', import.meta.url);

async function sum(tasks: readonly unknown[], workers = 3): Promise<number> {
  let total = 0;
  await runOnWorkers<unknown, number>({
    script: SCRIPT,
    workers,
    workerData: {factor: 2},
    tasks,
    onDone: (done) => {
      total += done;
    },
    signal: new AbortController().signal,
  });
  return total;
}

describe('worker threads', () => {
  it('carry out every task once', async () => {
    assert.equal(await sum(Array.from({length: 100}, (_, index) => index)), 9900);
  });

  it('are more than there are tasks, or none for none', async () => {
    assert.equal(await sum([5]), 10);
    assert.equal(await sum([], 0), 0);
  });

  it('hand on an error with its code and path', async () => {
    await assert.rejects(sum([1, 2, 'full', 3]), {
      message: 'ENOSPC: no space left on device, write',
      code: 'ENOSPC',
      path: '/data/images.npy',
    });
  });

  it('are a fault of ours when one ends by itself', async () => {
    await assert.rejects(sum([1, 'exit']), /^Error: Internal error: a worker thread ended with code 3$/);
  });

  it('stop in the middle of their work when they are told to', async () => {
    const stop = new AbortController();
    const memory = new SharedArrayBuffer(4);
    const run = runOnWorkers<unknown, number>({
      script: SCRIPT,
      workers: 2,
      workerData: {factor: 1, memory},
      tasks: [1, 'count', 'count', 'count'],
      onDone: () => stop.abort(new Error('told to stop')),
      signal: stop.signal,
    });
    await assert.rejects(run, /told to stop/);
    const counter = new Int32Array(memory);
    const before = counter[0];
    // A thread that still counts would change it within this time.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
    assert.equal(counter[0], before);
  });

  it('stop when the one who counts their work fails', async () => {
    const run = runOnWorkers<number, number>({
      script: SCRIPT,
      workers: 2,
      workerData: {factor: 1},
      tasks: [1, 2, 3],
      onDone: () => {
        throw new Error('no room for the journal');
      },
      signal: new AbortController().signal,
    });
    await assert.rejects(run, /no room for the journal/);
  });
});
