import assert from 'node:assert/strict';
import {chmodSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {findAgent} from '../../pipeline/dispatch/agent-process.js';
import {readJournal} from '../../pipeline/dispatch/story.js';
import type {Failure} from '../../pipeline/model/failure.js';
import {startTimeOf} from '../../pipeline/store/processes.js';
import {withMount} from '../store/workplace.js';
import {
  type JobFolder,
  type JobOptions,
  jobFolderIn,
  type Outcome,
  startDriver,
  until,
  withJobFolder,
} from './rig.js';

const done = {do: 'summary', facts: {loss: 0.25}} as const;

type RunningJob = Readonly<{outcome: Promise<Outcome>; agentPid: number; jobPid: number}>;

/** A job that waits for the file `go`, seen to do so. */
async function startWaiting(job: JobFolder, options: JobOptions = {}): Promise<RunningJob> {
  const outcome = job.run(waitingSteps(job), options);
  await until(() => existsSync(job.path('waiting')), 'the job waits');
  return {outcome, ...pidsOf(job)};
}

function waitingSteps(job: JobFolder) {
  return [{do: 'touch', path: job.path('waiting')}, {do: 'wait-for', path: job.path('go')}, done];
}

function pidsOf(job: JobFolder): {agentPid: number; jobPid: number} {
  return {agentPid: findAgent(job.dir)!.pid, jobPid: Number(readFileSync(job.path('waiting'), 'utf8'))};
}

/** A job whose driver was killed. */
async function orphan(job: JobFolder, options: JobOptions = {}): Promise<{agentPid: number; jobPid: number}> {
  const driver = startDriver(job, {record: job.path('first.ndjson'), steps: waitingSteps(job), options});
  await until(() => existsSync(job.path('waiting')), 'the job waits');
  await driver.killed();
  return pidsOf(job);
}

function gone(pid: number): boolean {
  return startTimeOf(pid) === null;
}

function failureOf(outcome: Outcome): Failure {
  assert.ok(!outcome.result.ok, JSON.stringify(outcome.result));
  return outcome.result.error;
}

describe('when a process dies', () => {
  it('a killed agent is noticed, and takes its job with it', () =>
    withJobFolder(async (job) => {
      const {outcome, agentPid, jobPid} = await startWaiting(job);
      process.kill(agentPid, 'SIGKILL');
      const failure = failureOf(await outcome);
      assert.equal(failure.reason, 'agent-lost');
      assert.equal('message' in failure && failure.message, 'the runtime agent was killed');
      await until(() => gone(jobPid), 'the job is gone');
      writeFileSync(job.path('go'), '');
      assert.deepEqual((await job.run([done])).result, {ok: true, value: {loss: 0.25}});
    }));

  it('an agent that is stopped counts as lost after its silence, and is ended', () =>
    withJobFolder(async (job) => {
      const {outcome, agentPid, jobPid} = await startWaiting(job, {limits: {silentMs: 2000}});
      process.kill(agentPid, 'SIGSTOP');
      const failure = failureOf(await outcome);
      assert.deepEqual([failure.reason, gone(agentPid)], ['agent-lost', true]);
      await until(() => gone(jobPid), 'the job is gone');
    }));

  it('a job without a driver goes on to its end, and then its agent goes', () =>
    withJobFolder(async (job) => {
      const {agentPid, jobPid} = await orphan(job, {limits: {leaseSeconds: 1}});
      const log = join(job.dir, 'agent.log');
      const looked = 'no word from a driver for 1 s: the job goes on';
      await until(() => readFileSync(log, 'utf8').includes(looked), 'the agent looked at its lease');
      assert.ok(!gone(agentPid) && !gone(jobPid));
      writeFileSync(job.path('go'), '');
      await until(() => gone(agentPid), 'the agent is gone');
      const types = [...readJournal(job.dir, 0)].map(([, {type}]) => type);
      assert.deepEqual(types, ['started', 'summary', 'exited']);
      const {result} = await job.run([{do: 'exit', code: 9}], {reuseFinished: true});
      assert.deepEqual(result, {ok: true, value: {loss: 0.25}});
    }));

  it('an agent whose folder was removed ends its job and goes', () =>
    withJobFolder(async (job) => {
      const {agentPid, jobPid} = await orphan(job);
      rmSync(job.dir, {recursive: true});
      await until(() => gone(agentPid) && gone(jobPid), 'both are gone');
    }));
});

describe('a job that a killed driver left', () => {
  it('is taken over by the next driver, which gets every event from the first', () =>
    withJobFolder(async (job) => {
      const {agentPid} = await orphan(job);
      // It may end before the driver has found its agent, while it knocks, or after: its outcome counts all the same.
      const running = job.run([{do: 'exit', code: 9}], {reuseFinished: true});
      writeFileSync(job.path('go'), '');
      const {result, events, notes} = await running;
      assert.deepEqual(result, {ok: true, value: {loss: 0.25}});
      assert.deepEqual(
        events.map(([seq, {type}]) => `${seq} ${type}`),
        ['1 started', '2 summary', '3 exited'],
      );
      assert.equal(notes[0], `taking over the job that goes on (agent pid ${agentPid})`);
      assert.ok(!notes.some((note) => note.includes('another attempt')), notes.join('\n'));
    }));

  it('is begun anew when its agent does not answer', () =>
    withJobFolder(async (job) => {
      const {agentPid, jobPid} = await orphan(job);
      process.kill(agentPid, 'SIGSTOP');
      const {result, events} = await job.run([done], {limits: {silentMs: 2500}});
      assert.deepEqual(result, {ok: true, value: {loss: 0.25}});
      assert.ok(gone(agentPid) && gone(jobPid));
      const attempts = events.flatMap(([, event]) => (event.type === 'started' ? [event.attempt] : []));
      assert.deepEqual(attempts, [1, 2]);
    }));

  it('is swept away when its agent was killed too, even if it does not die with its parent', () =>
    withJobFolder(async (job) => {
      const {agentPid} = await orphan(job);
      process.kill(agentPid, 'SIGKILL');
      const {result} = await job.run([done]);
      assert.ok(result.ok);
    }));

  it('stays closed to a driver with another CURVE key, and that is said', () =>
    withJobFolder(async (job) => {
      const {agentPid, jobPid} = await orphan(job, {limits: {leaseSeconds: 1}});
      const file = keysFile(job);
      const {curveKeyPair} = await import('zeromq');
      const {publicKey, secretKey} = curveKeyPair();
      const keys = JSON.parse(readFileSync(file, 'utf8'));
      writeFileSync(file, JSON.stringify({...keys, client: {public: publicKey, secret: secretKey}}));
      const failure = failureOf(await job.run([done]));
      assert.deepEqual(failure, {
        reason: 'agent-lost',
        address: failure.reason === 'agent-lost' ? failure.address : '',
        message: `the runtime agent (pid ${agentPid}) refused this driver: it does not know the CURVE key of this job folder`,
        refused: true,
      });
      assert.ok(!gone(jobPid));
      writeFileSync(job.path('go'), '');
      await until(() => gone(agentPid), 'the agent is gone');
    }));
});

describe('the keys of an agent', () => {
  it('lie in a file that only the user can read', () =>
    withJobFolder(async (job) => {
      const {outcome} = await startWaiting(job);
      const {statSync} = await import('node:fs');
      assert.equal(statSync(keysFile(job)).mode & 0o777, 0o600);
      writeFileSync(job.path('go'), '');
      await outcome;
    }));
});

describe('a job folder that cannot be written', () => {
  it('is a failure of the system when the disk is full, and the job goes on once there is room', async function () {
    await withJobFolder(async (job) => {
      const mounted = await withMount({folder: job.folder, options: 'size=2m'}, async (path) => {
        const small = jobFolderIn(path, job.python);
        const failure = failureOf(await small.run([{do: 'metrics', count: 100_000}, done]));
        assert.ok(failure.reason === 'system', JSON.stringify(failure));
        assert.equal(failure.code, 'ENOSPC');
        rmSync(join(small.dir, 'attempts', '1'), {recursive: true});
        truncateSync(join(small.dir, 'journal.ndjson'), 1000);
        assert.ok((await small.run([done])).result.ok);
      });
      if (!mounted) this.skip();
    });
  });

  it('is told by what the system throws', async function () {
    if (process.getuid?.() === 0) this.skip();
    await withJobFolder(async (job) => {
      await job.run([done]);
      chmodSync(job.dir, 0o500);
      try {
        await assert.rejects(job.run([done]), {code: 'EACCES'});
      } finally {
        chmodSync(job.dir, 0o700);
      }
    });
  });
});

function keysFile(job: JobFolder): string {
  const endpoint = JSON.parse(readFileSync(join(job.dir, 'endpoint.json'), 'utf8')) as {keys: string};
  return join(job.dir, endpoint.keys);
}
