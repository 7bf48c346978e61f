import assert from 'node:assert/strict';
import {readFileSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:net';
import {join} from 'node:path';
import type {Failure} from '../../pipeline/model/failure.js';
import {type JobFolder, type Outcome, withJobFolder} from './rig.js';

const done = {do: 'summary', facts: {loss: 0.25}} as const;

function journalLines(job: JobFolder): readonly string[] {
  return readFileSync(join(job.dir, 'journal.ndjson'), 'utf8').trimEnd().split('\n');
}

function typesOf(outcome: Outcome): readonly (readonly [number, string])[] {
  return outcome.events.map(([seq, {type}]) => [seq, type]);
}

function failureOf(outcome: Outcome): Failure {
  assert.ok(!outcome.result.ok, JSON.stringify(outcome.result));
  return outcome.result.error;
}

describe('a job under an agent', () => {
  it('ends with the facts of its summary, after its events in order', () =>
    withJobFolder(async (job) => {
      const outcome = await job.run([{do: 'progress', done: 1, total: 2}, done]);
      assert.deepEqual(outcome.result, {ok: true, value: {loss: 0.25}});
      assert.deepEqual(typesOf(outcome), [
        [1, 'started'],
        [2, 'progress'],
        [3, 'summary'],
        [4, 'exited'],
      ]);
    }));

  it('fails with type and message of an exception, and the end of what it printed', () =>
    withJobFolder(async (job) => {
      const failure = failureOf(await job.run([{do: 'raise', message: 'no such layer'}]));
      assert.equal(failure.reason, 'exited');
      assert.deepEqual(
        {...failure, tail: null},
        {
          ...{reason: 'exited', what: 'scripted_job', code: 1, signal: null, rank: 0},
          message: 'ValueError: no such layer',
          tail: null,
          ranks: [{rank: 0, code: 1, signal: null, error: {type: 'ValueError', message: 'no such layer'}}],
        },
      );
      assert.equal(failure.tail.at(-1), 'ValueError: no such layer');
    }));

  it("shows a user's mistake as its message and hint, without a trace", () =>
    withJobFolder(async (job) => {
      const outcome = await job.run([
        {do: 'mistake', message: 'batch_size 3 does not divide', hint: 'take 4'},
      ]);
      assert.deepEqual(failureOf(outcome), {
        reason: 'invalid-input',
        diagnostics: [
          {severity: 'error', message: 'batch_size 3 does not divide', location: null, hint: 'take 4'},
        ],
      });
    }));

  it('calls a full disk by its name', () =>
    withJobFolder(async (job) => {
      const failure = failureOf(await job.run([{do: 'full-disk', path: '/data/best.pt'}]));
      assert.deepEqual(failure, {
        ...{reason: 'system', code: 'ENOSPC', path: null},
        message: 'No space left on device: /data/best.pt',
        hint: 'free some space there and run again: the job goes on from its last checkpoint',
      });
    }));

  it('names the module that the interpreter lacks', () =>
    withJobFolder(async (job) => {
      const failure = failureOf(await job.run([], {environment: {PYTHONPATH: ''}}));
      assert.equal(failure.reason, 'environment');
      assert.equal('message' in failure && failure.message, 'No module named scripted_job');
    }));

  it('fails when it ends well but without a summary', () =>
    withJobFolder(async (job) => {
      const failure = failureOf(await job.run([{do: 'exit', code: 0}]));
      assert.equal('message' in failure && failure.message, 'ended without a summary of what it did');
    }));

  it('says which signal killed it', () =>
    withJobFolder(async (job) => {
      const failure = failureOf(await job.run([{do: 'kill', signal: 9}]));
      assert.ok(failure.reason === 'exited');
      assert.deepEqual([failure.signal, failure.rank], ['SIGKILL', 0]);
      assert.equal(failure.message, 'rank 0 was killed (SIGKILL): out of memory, or by someone');
    }));

  it('gets an interpreter that does not exist told as that', () =>
    withJobFolder(async (job) => {
      const {runJob} = await import('../../pipeline/dispatch/driver.js');
      const result = await runJob({...job.request([done]), python: '/nowhere/python'});
      assert.ok(!result.ok && result.error.reason === 'environment');
      assert.equal(result.error.message, 'cannot start Python: spawn /nowhere/python ENOENT');
    }));

  it('fails clearly when the port it was given is taken', () =>
    withJobFolder(async (job) => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const address = server.address();
      assert.ok(address !== null && typeof address === 'object');
      try {
        const failure = failureOf(await job.run([done], {limits: {port: address.port}}));
        assert.deepEqual(failure, {
          reason: 'environment',
          message: `port ${address.port} on 127.0.0.1 is taken by another program`,
          hint: 'name another one in PIPELINE_AGENT_PORT, or 0 for any free one',
        });
      } finally {
        server.close();
      }
    }));
});

describe('the journal of a job', () => {
  it('goes on over attempts, and a later run gets all of it', () =>
    withJobFolder(async (job) => {
      await job.run([{do: 'exit', code: 3}]);
      const outcome = await job.run([done]);
      assert.deepEqual(typesOf(outcome), [
        [1, 'started'],
        [2, 'exited'],
        [3, 'started'],
        [4, 'summary'],
        [5, 'exited'],
      ]);
      assert.equal(journalLines(job).length, 5);
    }));

  it('is not delivered twice to a run that tries again', () =>
    withJobFolder(async (job) => {
      const first = await job.run([{do: 'exit', code: 3}]);
      const second = await job.run([done], {after: first.events.length});
      assert.deepEqual(typesOf(second), [
        [3, 'started'],
        [4, 'summary'],
        [5, 'exited'],
      ]);
    }));

  it('loses a line that was cut off in the middle, and nothing else', () =>
    withJobFolder(async (job) => {
      await job.run([
        {do: 'append-raw', text: '{"at":1,"type":"progr'},
        {do: 'kill', signal: 9},
      ]);
      const before = journalLines(job);
      writeFileSync(join(job.dir, 'journal.ndjson'), `${before.join('\n')}\n{"at":2,"type":"st`);
      const outcome = await job.run([done]);
      assert.deepEqual(typesOf(outcome), [
        [1, 'started'],
        [2, 'exited'],
        [3, 'started'],
        [4, 'summary'],
        [5, 'exited'],
      ]);
    }));

  it('passes a damaged line on as text, under its number', () =>
    withJobFolder(async (job) => {
      const outcome = await job.run([
        {do: 'append-raw', text: 'no JSON\n{"at":1,"type":"progress","done":1,"extra":2}\n'},
        done,
      ]);
      assert.deepEqual(typesOf(outcome), [
        [1, 'started'],
        [2, 'log'],
        [3, 'log'],
        [4, 'summary'],
        [5, 'exited'],
      ]);
      assert.ok(outcome.result.ok);
    }));

  it('is all that a run needs of a job that ended well while nobody looked', () =>
    withJobFolder(async (job) => {
      await job.run([done]);
      const outcome = await job.run([{do: 'exit', code: 9}], {reuseFinished: true});
      assert.deepEqual(outcome.result, {ok: true, value: {loss: 0.25}});
      assert.equal(outcome.events.length, 3);
    }));
});
