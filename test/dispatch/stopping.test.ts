import assert from 'node:assert/strict';
import {existsSync, readFileSync} from 'node:fs';
import {type JobFolder, until, withJobFolder} from './rig.js';

/** Says by a file that it waits, and then waits for one that never comes. */
function waits(job: JobFolder): readonly [{do: 'touch'; path: string}, {do: 'wait-for'; path: string}] {
  return [
    {do: 'touch', path: job.path('waiting')},
    {do: 'wait-for', path: job.path('never')},
  ];
}

const stopped = {
  ...{reason: 'exited', what: 'scripted_job', code: null, signal: 'SIGTERM', rank: null},
  message: 'stopped before its end; the next run goes on from the last checkpoint',
  tail: [],
};

describe('stopping a job', () => {
  it('lets it save first when it is told once', () =>
    withJobFolder(async (job) => {
      const stop = new AbortController();
      const steps = [{do: 'save-on-sigterm', path: job.path('checkpoint')}, ...waits(job)];
      const running = job.run(steps, {signal: stop.signal});
      await until(() => existsSync(job.path('waiting')), 'the job waits');
      stop.abort();
      assert.deepEqual((await running).result, {ok: false, error: stopped});
      assert.equal(readFileSync(job.path('checkpoint'), 'utf8'), 'saved');
    }));

  it('kills it when it is told twice', () =>
    withJobFolder(async (job) => {
      const [stop, kill] = [new AbortController(), new AbortController()];
      const running = job.run([{do: 'ignore-sigterm'}, ...waits(job)], {
        signal: stop.signal,
        kill: kill.signal,
      });
      await until(() => existsSync(job.path('waiting')), 'the job waits');
      stop.abort();
      kill.abort();
      assert.deepEqual((await running).result, {ok: false, error: stopped});
      assertGone(Number(readFileSync(job.path('waiting'), 'utf8')));
    }));

  it('kills it when its grace is over', () =>
    withJobFolder(async (job) => {
      const stop = new AbortController();
      const limits = {graceSeconds: 0.2};
      const running = job.run([{do: 'ignore-sigterm'}, ...waits(job)], {signal: stop.signal, limits});
      await until(() => existsSync(job.path('waiting')), 'the job waits');
      stop.abort();
      assert.deepEqual((await running).result, {ok: false, error: stopped});
    }));

  it('starts nothing when the run was stopped before', () =>
    withJobFolder(async (job) => {
      const {result, events} = await job.run(waits(job), {signal: AbortSignal.abort()});
      assert.deepEqual(result, {ok: false, error: stopped});
      assert.deepEqual(events, []);
    }));

  it('is what a time limit does, and then says so', () =>
    withJobFolder(async (job) => {
      const {result} = await job.run(waits(job), {timeoutMs: 1500});
      assert.deepEqual(result, {
        ok: false,
        error: {reason: 'timed-out', what: 'scripted_job', afterMs: 1500},
      });
    }));

  it('happens when the events cannot be recorded, and the error comes through', () =>
    withJobFolder(async (job) => {
      const full = Object.assign(new Error('ENOSPC: no space left on device, write'), {code: 'ENOSPC'});
      const onEvent = () => {
        throw full;
      };
      await assert.rejects(job.run(waits(job), {onEvent}), full);
    }));
});

function assertGone(pid: number): void {
  assert.throws(() => process.kill(pid, 0), {code: 'ESRCH'});
}
