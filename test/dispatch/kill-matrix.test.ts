import assert from 'node:assert/strict';
import {existsSync, readFileSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {findAgent} from '../../pipeline/dispatch/agent-process.js';
import {type Failure, isTornDown} from '../../pipeline/model/failure.js';
import type {JobEvent} from '../../pipeline/model/job-event.js';
import {endsOfRanks} from '../../pipeline/model/rank-exits.js';
import {type JobFolder, type Outcome, processesOf, startDriver, until, withJobFolder} from './rig.js';

const STEPS = 12;

type Pids = Readonly<{rank0: number; rank1: number; torchrun: number; agent: number}>;
type Victim = keyof Pids | 'everything';

/** A job that goes two steps on at each attempt and then waits to be killed; its ranks tell their pids. */
function advancing(job: JobFolder) {
  return [
    {do: 'touch', path: job.path('rank-{rank}')},
    {do: 'advance', rank: 0, state: job.path('state'), by: 2, of: STEPS},
    {do: 'touch', rank: 0, path: job.path('done')},
    {do: 'wait-for', path: job.path('done')},
  ];
}

/** The processes of an attempt that has come to that step. */
async function pidsAt(job: JobFolder, step: number): Promise<Pids> {
  const state = job.path('state');
  const ranks = ['rank-0', 'rank-1'].map(job.path);
  const isThere = () => existsSync(state) && readFileSync(state, 'utf8') === `${step}`;
  await until(() => isThere() && ranks.every((path) => existsSync(path)), `it is at step ${step}`, 60_000);
  return {rank0: pidIn(ranks[0]!), rank1: pidIn(ranks[1]!), ...parentsOf(job)};
}

function parentsOf(job: JobFolder): Pick<Pids, 'torchrun' | 'agent'> {
  const {pid} = JSON.parse(readFileSync(join(job.dir, 'process.json'), 'utf8')) as {pid: number};
  return {torchrun: pid, agent: findAgent(job.dir)!.pid};
}

function pidIn(path: string): number {
  return Number(readFileSync(path, 'utf8'));
}

function failureOf({result}: Outcome): Failure {
  assert.ok(!result.ok, JSON.stringify(result));
  return result.error;
}

/** What is told of it, and how its ranks ended. */
function told(failure: Failure): string {
  assert.ok(isTornDown(failure), 'it is tried again');
  const ranks = failure.reason === 'exited' ? endsOfRanks(failure.ranks ?? []) : '';
  return ['message' in failure ? failure.message : '', ranks].filter(Boolean).join('; ');
}

/** Numbered without gaps and doubles, each step once, and each attempt with its end. */
function assertWhole(events: readonly (readonly [number, JobEvent])[]): void {
  assert.deepEqual(
    events.map(([seq]) => seq),
    events.map((_, index) => index + 1),
  );
  const steps = events.flatMap(([, event]) => (event.type === 'steps' ? [event.first_step] : []));
  assert.deepEqual(
    steps,
    Array.from({length: STEPS}, (_, index) => index + 1),
  );
  const ends = events.flatMap(([, {type}]) => (type === 'started' || type === 'exited' ? [type] : []));
  assert.deepEqual(ends, Array.from({length: 6}, () => ['started', 'exited']).flat());
}

describe('whoever is killed', function () {
  this.timeout(180_000);

  it('a job goes on from its checkpoint, its journal is whole, and nothing of it is left', () =>
    withJobFolder(async (job) => {
      const ranks = {torchrun: true, ranks: 2} as const;
      const all: (readonly [number, JobEvent])[] = [];
      let step = 0;
      const toldOf = async (victim: Victim, {left = false} = {}): Promise<string> => {
        if (!left) {
          for (const name of ['rank-0', 'rank-1']) rmSync(job.path(name), {force: true});
          step += 2;
        }
        const running = job.run(advancing(job), {...ranks, after: all.length});
        if (left) await until(() => all.length > 0 || findAgent(job.dir) !== null, 'its agent is found');
        const pids = await pidsAt(job, step);
        for (const pid of victim === 'everything' ? Object.values(pids) : [pids[victim]]) {
          process.kill(pid, 'SIGKILL');
        }
        const outcome = await running;
        all.push(...outcome.events);
        await until(() => processesOf(job.dir).length === 0, `nothing is left after ${victim} was killed`);
        return told(failureOf(outcome));
      };

      step = 2;
      const driver = startDriver(job, {record: job.path('first'), steps: advancing(job), options: ranks});
      await pidsAt(job, step);
      await driver.killed();
      assert.equal(
        processesOf(job.dir).length,
        3,
        'a job lives on without its driver, and the next one takes it over',
      );
      const byKill = 'was killed (SIGKILL): out of memory, or by someone';
      assert.equal(
        await toldOf('rank0', {left: true}),
        `rank 0 ${byKill}; rank 0 was killed (SIGKILL); rank 1 was told to stop (SIGTERM)`,
      );
      assert.equal(
        await toldOf('rank1'),
        `rank 1 ${byKill}; rank 0 was told to stop (SIGTERM); rank 1 was killed (SIGKILL)`,
      );
      assert.equal(await toldOf('torchrun'), `torchrun ${byKill}; ranks 0 and 1 ended unseen`);
      assert.equal(await toldOf('agent'), 'the runtime agent was killed');
      assert.equal(await toldOf('everything'), 'the runtime agent was killed');

      const {result, events} = await job.run(advancing(job), {...ranks, after: all.length});
      assert.deepEqual(result, {ok: true, value: {steps: STEPS}});
      assertWhole([...all, ...events]);
      assert.deepEqual(processesOf(job.dir), []);
    }));

  it('the other ranks lose their peer; one that hangs is ended and named', () =>
    withJobFolder(async (job) => {
      const ranks = {torchrun: true, ranks: 3} as const;
      const runs = async (number: 'SIGKILL' | 'SIGSTOP', seconds: number): Promise<string> => {
        const met = (rank: number | string) => job.path(`met-${number}-${rank}`);
        const running = job.run([{do: 'reduce', seconds, met: met('{rank}')}], ranks);
        await until(() => [0, 1, 2].every((rank) => existsSync(met(rank))), 'the ranks have met', 60_000);
        process.kill(pidIn(met(1)), number);
        return told(failureOf(await running));
      };
      assert.equal(
        await runs('SIGKILL', 60),
        'rank 1 was killed (SIGKILL): out of memory, or by someone; ranks 0 and 2 lost their peer; rank 1 was killed (SIGKILL)',
      );
      assert.equal(
        await runs('SIGSTOP', 2),
        'rank 1 did not answer: the other ranks waited for it in vain, and it did not end when it was told to; ranks 0 and 2 lost their peer; rank 1 did not answer',
      );
      assert.deepEqual(processesOf(job.dir), []);
    }));
});
