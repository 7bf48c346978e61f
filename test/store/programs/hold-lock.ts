import {spawn} from 'node:child_process';
import {expectOk, storeIn} from '../workplace.js';

/** Takes a lock, starts a child that outlives it, says so, and keeps the lock until it is killed or stdin ends. */
const [folder, name] = process.argv.slice(2);
const lock = expectOk(await storeIn(folder!).locks.acquire(name!, {wait: true}));
const child = spawn('sleep', ['60'], {stdio: 'ignore', detached: true});
process.stdout.write(`${child.pid}\n`);
process.stdin.resume().on('end', () => {
  child.kill('SIGKILL');
  lock.release();
});
