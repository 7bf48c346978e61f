import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {endProcess, isSameProcess, livenessOf, startTimeOf} from '../../pipeline/store/processes.js';

describe('a process', () => {
  it('is told from a later one that got its number', () => {
    const startTime = startTimeOf(process.pid)!;
    assert.ok(isSameProcess({pid: process.pid, startTime}));
    assert.ok(!isSameProcess({pid: process.pid, startTime: 'another time'}));
    const note = {pid: process.pid, startTime, host: 'here', command: '', since: ''};
    assert.deepEqual(
      [livenessOf(note, 'here'), livenessOf({...note, startTime: ''}, 'here'), livenessOf(note, 'there')],
      ['alive', 'dead', 'elsewhere'],
    );
  });

  it('is ended by SIGTERM, or by SIGKILL when it does not mind that', async () => {
    const stubborn = 'process.on("SIGTERM", () => {}); console.log("ready"); setInterval(() => {}, 1000)';
    for (const [program, signal] of [
      ['console.log("ready"); setInterval(() => {}, 1000)', 'SIGTERM'],
      [stubborn, 'SIGKILL'],
    ] as const) {
      const child = spawn(process.execPath, ['-e', program], {stdio: ['ignore', 'pipe', 'inherit']});
      await once(child.stdout, 'data');
      const who = {pid: child.pid!, startTime: startTimeOf(child.pid!)!};
      const exited = once(child, 'exit');
      assert.equal(await endProcess(who, {graceMs: 300}), true);
      assert.deepEqual(await exited, [null, signal]);
      assert.equal(await endProcess(who, {graceMs: 300}), true);
      assert.equal(startTimeOf(child.pid!), null);
    }
  });
});
