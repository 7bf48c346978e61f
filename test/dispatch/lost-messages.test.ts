import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, mkdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {type JobFolder, until, withJobFolder} from './rig.js';

/** An agent that loses the first message of a kind; `heard` is what the driver has asked it so far. */
async function withDeafAgent(
  loses: 'attach' | 'cancel',
  body: (job: JobFolder, heard: () => readonly string[]) => Promise<void>,
): Promise<void> {
  await withJobFolder(async (job) => {
    mkdirSync(job.dir);
    const script = join(import.meta.dirname, 'deaf-agent.js');
    const agent = spawn(process.execPath, [script, job.dir, loses], {stdio: ['ignore', 'ignore', 'inherit']});
    const ended = once(agent, 'exit');
    try {
      await until(() => existsSync(join(job.dir, 'endpoint.json')), 'the agent listens');
      await body(job, () => {
        const path = join(job.dir, 'heard.txt');
        return existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n') : [];
      });
    } finally {
      agent.kill('SIGKILL');
      await ended;
    }
  });
}

describe('a driver whose message was lost', () => {
  it('attaches again', () =>
    withDeafAgent('attach', async (job, heard) => {
      const {result, events} = await job.run([], {limits: {silentMs: 2000}});
      assert.deepEqual(result, {ok: true, value: {loss: 0.25}});
      assert.equal(events.length, 3);
      assert.deepEqual(heard().slice(0, 4), ['hello', 'submit', 'attach', 'attach']);
    }));

  it('tells the agent again to stop, once it is connected again', () =>
    withDeafAgent('cancel', async (job, heard) => {
      const stop = new AbortController();
      const running = job.run([], {signal: stop.signal});
      await until(() => heard().includes('attach'), 'it is attached');
      stop.abort();
      const {result} = await running;
      assert.ok(!result.ok && result.error.reason === 'exited');
      assert.equal(result.error.signal, 'SIGTERM');
      assert.deepEqual(heard(), ['hello', 'submit', 'attach', 'cancel', 'attach', 'cancel']);
    }));
});
