import {workerData} from 'node:worker_threads';
import {serveTasks} from '../../pipeline/stages/worker-pool.js';

const {factor, memory} = workerData as {factor: number; memory?: SharedArrayBuffer};

// Multiplies numbers; two words make it fail, as a full disk and a crash would, and with one it never ends.
serveTasks((task: number | 'full' | 'exit' | 'count') => {
  if (task === 'exit') process.exit(3);
  if (task === 'count') countForEver();
  if (task !== 'full') return task * factor;
  const message = 'ENOSPC: no space left on device, write';
  throw Object.assign(new Error(message), {code: 'ENOSPC', path: '/data/images.npy', syscall: 'write'});
});

function countForEver(): never {
  for (const counter = new Int32Array(memory!); ; ) Atomics.add(counter, 0, 1);
}
