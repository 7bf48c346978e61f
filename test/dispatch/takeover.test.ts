import assert from 'node:assert/strict';
import {existsSync, writeFileSync} from 'node:fs';
import {startDriver, until, withJobFolder} from './rig.js';

const done = {do: 'summary', facts: {loss: 0.25}} as const;

describe('a job that is still saving when the next run takes it over', () => {
  it('is followed by another attempt', () =>
    withJobFolder(async (job) => {
      const [saving, release] = [job.path('saving'), job.path('release')];
      const steps = [
        {do: 'save-on-sigterm', path: saving, until: release},
        {do: 'touch', path: job.path('waiting')},
        {do: 'wait-for', path: job.path('never')},
      ];
      const driver = startDriver(job, {record: job.path('first'), steps});
      await until(() => existsSync(job.path('waiting')), 'the job waits');
      process.kill(driver.pid, 'SIGINT');
      await until(() => existsSync(saving), 'the job saves');
      await driver.killed();

      // The first event comes when the new driver has attached.
      const next = await job.run([done], {onEvent: () => writeFileSync(release, '')});
      assert.deepEqual(next.result, {ok: true, value: {loss: 0.25}});
      assert.deepEqual(
        next.events.map(([seq, {type}]) => `${seq} ${type}`),
        ['1 started', '2 exited', '3 started', '4 summary', '5 exited'],
      );
      assert.equal(next.notes.length, 2);
      assert.match(next.notes[0]!, /^taking over the job that goes on \(agent pid \d+\)$/);
      assert.equal(next.notes[1], 'the job that was left had been told to stop: beginning another attempt');
    }));
});
