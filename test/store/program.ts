import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {join} from 'node:path';

/** A program of test/store/programs at work, whose first word on stdout has been read. */
export type Program = Readonly<{child: ChildProcess; said: string; kill(): Promise<void>}>;

export async function start(name: string, ...args: string[]): Promise<Program> {
  const file = join(import.meta.dirname, 'programs', `${name}.js`);
  const child = spawn(process.execPath, [file, ...args], {stdio: ['pipe', 'pipe', 'inherit']});
  const ended = once(child, 'exit');
  const [said] = await Promise.race([
    once(child.stdout!, 'data'),
    ended.then(([code]) => Promise.reject(new Error(`${name} ended with ${code}`))),
  ]);
  child.stdout!.resume();
  return {
    child,
    said: String(said).trim(),
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
