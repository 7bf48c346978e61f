import assert from 'node:assert/strict';
import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import {findAgent} from '../../pipeline/dispatch/agent-process.js';
import {stopJob} from '../../pipeline/dispatch/stop-job.js';
import {readJournal} from '../../pipeline/dispatch/story.js';
import {startTimeOf} from '../../pipeline/store/processes.js';
import {type JobFolder, type Step, startDriver, until, withJobFolder} from './rig.js';

const never = new AbortController().signal;

/** A job that says that it waits, whose driver was killed. */
async function leave(job: JobFolder, ...before: readonly Step[]): Promise<number> {
  const waits = [
    {do: 'touch', path: job.path('waiting')},
    {do: 'wait-for', path: job.path('never')},
  ];
  const driver = startDriver(job, {record: job.path('first'), steps: [...before, ...waits]});
  await until(() => existsSync(job.path('waiting')), 'the job waits');
  await driver.killed();
  return Number(readFileSync(job.path('waiting'), 'utf8'));
}

function stop(job: JobFolder, graceSeconds: number, signal = never, onLook = () => {}): Promise<boolean> {
  return stopJob({dir: job.dir, job: 'test-job', graceSeconds, signal, onLook});
}

function lastOf(job: JobFolder): unknown {
  const [, event] = [...readJournal(job.dir, 0)].at(-1)!;
  return event.type === 'exited' ? [event.signal, event.rank] : event;
}

describe('stopping a job that no driver looks after', () => {
  it('lets it save, and waits until its agent has gone', () =>
    withJobFolder(async (job) => {
      const [saved, release] = [job.path('saved'), job.path('release')];
      const pid = await leave(job, {do: 'save-on-sigterm', path: saved, until: release});
      // The first look is after the agent was told.
      assert.equal(await stop(job, 20, never, () => existsSync(saved) && writeFileSync(release, '')), true);
      assert.equal(findAgent(job.dir), null);
      assert.equal(startTimeOf(pid), null);
      assert.deepEqual(lastOf(job), ['SIGTERM', null]);
      // And there is nothing more to stop.
      assert.equal(await stop(job, 20), true);
    }));

  it('does not wait for longer than is wanted, and kills without a grace', () =>
    withJobFolder(async (job) => {
      const pid = await leave(job, {do: 'ignore-sigterm'});
      const tired = new AbortController();
      assert.equal(await stop(job, 20, tired.signal, () => tired.abort()), false);
      assert.notEqual(startTimeOf(pid), null);
      assert.equal(await stop(job, 0), true);
      assert.equal(startTimeOf(pid), null);
    }));

  it('reaches an agent that lets this key not in', () =>
    withJobFolder(async (job) => {
      await leave(job);
      const endpoint = JSON.parse(readFileSync(`${job.dir}/endpoint.json`, 'utf8')) as {keys: string};
      const {curveKeyPair} = await import('zeromq');
      const {publicKey, secretKey} = curveKeyPair();
      const path = `${job.dir}/${endpoint.keys}`;
      const keys = JSON.parse(readFileSync(path, 'utf8')) as object;
      writeFileSync(path, JSON.stringify({...keys, client: {public: publicKey, secret: secretKey}}));
      assert.equal(await stop(job, 20), true);
      assert.deepEqual(lastOf(job), ['SIGTERM', null]);
    }));
});
