import assert from 'node:assert/strict';
import {existsSync} from 'node:fs';
import type {Failure} from '../../pipeline/model/failure.js';
import {type JobFolder, type Outcome, until, withJobFolder} from './rig.js';

const RANKS = {torchrun: true, ranks: 2} as const;

function failureOf(outcome: Outcome): Extract<Failure, {reason: 'exited'}> {
  assert.ok(!outcome.result.ok && outcome.result.error.reason === 'exited', JSON.stringify(outcome.result));
  return outcome.result.error;
}

/** Each rank says that it waits, for a file that never comes. */
function waits(job: JobFolder) {
  return [
    {do: 'touch', path: job.path('rank-{rank}')},
    {do: 'wait-for', path: job.path('never')},
  ];
}

async function untilAllWait(job: JobFolder): Promise<void> {
  const files = ['rank-0', 'rank-1'].map(job.path);
  await until(() => files.every((path) => existsSync(path)), 'both wait', 60_000);
}

describe('a job of two ranks under torchrun', function () {
  this.timeout(120_000);

  it('ends with the summary of rank 0', () =>
    withJobFolder(async (job) => {
      const {result, events} = await job.run([{do: 'summary', facts: {ranks: 2}, rank: 0}], RANKS);
      assert.deepEqual(result, {ok: true, value: {ranks: 2}});
      const [, started] = events[0]!;
      assert.ok(started.type === 'started');
      assert.deepEqual([started.ranks, started.attempt], [2, 1]);
      assert.ok(started.argv.includes('torch.distributed.run'));
    }));

  it('brings the exception of a rank over, and the end of what that rank printed', () =>
    withJobFolder(async (job) => {
      const steps = [
        {do: 'print', text: 'reading the images', rank: 1},
        {do: 'raise', message: 'image 7 is broken', rank: 1},
        ...waits(job),
      ];
      const failure = failureOf(await job.run(steps, RANKS));
      assert.deepEqual([failure.rank, failure.message], [1, 'ValueError: image 7 is broken']);
      assert.equal(failure.tail[0], 'reading the images');
      assert.equal(failure.tail.at(-1), 'ValueError: image 7 is broken');
    }));

  it('saves when it is told to stop', () =>
    withJobFolder(async (job) => {
      const stop = new AbortController();
      const steps = [{do: 'save-on-sigterm', path: job.path('saved-{rank}')}, ...waits(job)];
      const running = job.run(steps, {...RANKS, signal: stop.signal});
      await untilAllWait(job);
      stop.abort();
      assert.equal(failureOf(await running).signal, 'SIGTERM');
      assert.ok(existsSync(job.path('saved-0')) && existsSync(job.path('saved-1')));
    }));
});
