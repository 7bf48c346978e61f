import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {startDriver, withJobFolder} from './rig.js';

const METRICS = 30_000;

describe('the events of a job', () => {
  it('come through exactly once and in order though the driver is killed twice', function () {
    this.timeout(180_000);
    return withJobFolder(async (job) => {
      const steps = [
        {do: 'metrics', count: METRICS},
        {do: 'summary', facts: {steps: METRICS}},
      ];
      const records = ['first', 'second', 'third'].map((name) => job.path(`${name}.ndjson`));
      for (const [index, killAt] of [8_000, 19_000].entries()) {
        const driver = startDriver(job, {record: records[index]!, steps});
        await driver.line((line) => line.startsWith('recorded ') && Number(line.split(' ')[1]) >= killAt);
        await driver.killed();
      }
      const result = await startDriver(job, {
        record: records[2]!,
        steps,
        options: {reuseFinished: true},
      }).result();
      assert.deepEqual(result, {ok: true, value: {steps: METRICS}});
      for (const record of records) assertUnbroken(record);
      // started, the metrics, summary, exited
      assert.equal(numbersIn(records[2]!).length, METRICS + 3);
    });
  });
});

/** Numbered 1, 2, 3 …, each once; the last line of a killed driver may be cut off. */
function assertUnbroken(record: string): void {
  for (const [index, seq] of numbersIn(record).entries()) assert.equal(seq, index + 1);
}

function numbersIn(record: string): readonly number[] {
  const lines = readFileSync(record, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => (JSON.parse(line) as {seq: number}).seq);
}
