import {workerData} from 'node:worker_threads';
import {serveTasks} from '../../pipeline/stages/worker-pool.js';

const {factor} = workerData as {factor: number};

// Multiplies numbers; two words make it fail, as a full disk and a crash would.
serveTasks((task: number | 'full' | 'exit') => {
  if (task === 'exit') process.exit(3);
  if (task !== 'full') return task * factor;
  const message = 'ENOSPC: no space left on device, write';
  throw Object.assign(new Error(message), {code: 'ENOSPC', path: '/data/images.npy', syscall: 'write'});
});
