import assert from 'node:assert/strict';
import {once} from 'node:events';
import type {Project} from '../rig.js';
import {until} from './rig.js';
import {prepareImages, type Training} from './training.js';

type Status = Readonly<{
  running: readonly Readonly<{
    run: string;
    state: string;
    stopping: boolean;
    driver: Readonly<{pid: number; host: string; alive: boolean | null}>;
    seconds: number;
    stages: readonly Readonly<{
      id: string;
      agent: Readonly<{pid: number}>;
      seconds_left: number | null;
      progress: Readonly<{done: number; total: number; unit: string}>;
      training: Readonly<{epoch: number; epochs: number; loss: number; images_per_second: number}>;
      device: Readonly<{name: string; ranks: number}>;
      checkpoint: Readonly<{step: number; age_seconds: number}> | null;
    }>[];
  }>[];
}>;

type Shown = Readonly<{
  status: string;
  stages: readonly Readonly<{id: string; because: readonly unknown[]}>[];
}>;

/** More than the test lets it come to. */
const EPOCHS = 500;

describe('a training that is under way', function () {
  this.timeout(300_000);
  let images: Awaited<ReturnType<typeof prepareImages>>;

  before(async () => {
    images = await prepareImages(1);
  });

  after(() => images.remove());

  it('is seen, followed, left by its driver, taken over and stopped, from another terminal', () =>
    images.prepared(async (training) => {
      const {project, environment} = training;
      const chosen = ['-S', `train.epochs=${EPOCHS}`, '--name', 'calm-carina'];
      const first = project.start(['run', 'small.yaml', 'train', ...chosen], {environment});
      await until(() => project.has('.pipeline/runs/calm-carina/events.ndjson'), 'the run began', 60_000);
      const followed = follow(project);
      await until(() => stepOf(training) >= 3, 'it trains', 120_000);
      await assertSeen(training, {driver: first.pid!});

      first.kill('SIGKILL');
      await first;
      await assertGoesOn(training);

      const next = project.start(['resume', '--events', 'ndjson'], {environment});
      const before = stepOf(training);
      const taken = await followed.line(/run .* has taken over what run calm-carina was at/);
      assert.match(taken, /^run (?!calm-carina)/);
      await until(() => stepOf(training) > before + 2, 'it goes on');
      const stopped = await project.json<{run: string; stages: readonly {saved: number; of: number}[]}>([
        'stop',
      ]);
      const [saved] = stopped.stages;
      assert.equal(saved!.of, stepsIn(training));
      assert.ok(saved!.saved > before);
      assert.equal(lastCheckpoint(training), saved!.saved);

      const ended = await next;
      assert.equal(ended.exitCode, 130);
      const said = String(ended.stderr);
      assert.match(
        said,
        /^going on with run calm-carina \(train goes on without a driver\): pipeline run small/,
      );
      const [, step] = /taking over the training \(agent pid \d+\), at step (\d+) of [\d,]+/.exec(said)!;
      assert.ok(Number(step) >= 3);
      // What happened before it came is in its own story too.
      assert.match(said, /train +epoch 1\/500 {2}loss/);
      assert.equal(training.events().filter(({type}) => type === 'started').length, 1);
      await assertFollowed(followed);
    }));
});

type Followed = Readonly<{
  line(pattern: RegExp): Promise<string>;
  ended: Promise<{exitCode?: number; stdout: unknown; stderr: unknown}>;
}>;

/** Before the stage begins that it is to show. */
function follow(project: Project): Followed {
  const logs = project.start(['logs', '-f', 'calm-carina', 'train']);
  let said = '';
  logs.stderr!.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const line = async (pattern: RegExp): Promise<string> => {
    for (;;) {
      const found = said.split('\n').find((one) => pattern.test(one));
      if (found !== undefined) return found;
      await once(logs.stderr!, 'data');
    }
  };
  return {line, ended: logs as unknown as Followed['ended']};
}

async function assertSeen({project}: Training, {driver}: {driver: number}): Promise<void> {
  const {running} = await project.json<Status>(['status']);
  assert.equal(running.length, 1);
  const [{run, state, stopping, driver: who, stages}] = running as [Status['running'][0]];
  assert.deepEqual(
    [run, state, stopping, who.pid, who.alive],
    ['calm-carina', 'running', false, driver, true],
  );
  const [{id, progress, training, device, seconds_left: left}] = stages as [(typeof stages)[0]];
  assert.deepEqual([id, progress.unit, training.epochs, device.ranks], ['train', 'steps', EPOCHS, 1]);
  assert.ok(progress.done >= 3 && progress.total % EPOCHS === 0);
  assert.ok(training.epoch >= 1 && training.loss > 0 && training.images_per_second > 0);
  assert.match(device.name, /^cpu/);
  assert.ok(left === null || left > 0);

  const status = await project.run(['status']);
  assert.match(status.stdout, new RegExp(`^calm-carina  runs since .* · driver pid ${driver} on `));
  assert.match(
    status.stdout,
    /\n {2}train {2}epoch \d+\/500 · step \d+\/[\d,]+ \(.*%\) · loss .* · .* images\/s · /,
  );
  assert.match(status.stdout, /\n {9}1 rank on cpu .*\n/);
  assert.match(status.stdout, /\ntrain +RUNNING /);
  assert.equal((await project.json<Shown>(['show'])).status, 'running');
}

async function assertGoesOn(training: Training): Promise<void> {
  const {project} = training;
  const before = stepOf(training);
  await until(() => stepOf(training) > before, 'it goes on');
  const {running} = await project.json<Status>(['status']);
  const [{state, driver, stages}] = running as [Status['running'][0]];
  const {agent} = training.pids();
  assert.deepEqual([state, driver.alive, stages[0]!.agent.pid], ['without-driver', false, agent]);
  const status = await project.run(['status']);
  assert.match(
    status.stdout,
    new RegExp(`^calm-carina  train goes on without a driver · agent pid ${agent}\\n`),
  );
  assert.match((await project.run(['ls'])).stdout, /calm-carina +small +train goes on without a driver/);
  assert.match((await project.run(['show'])).stdout, /^calm-carina {2}train goes on without a driver\n/);
  assert.equal((await project.json<Shown>(['show'])).status, 'without-driver');
}

async function assertFollowed(followed: Followed): Promise<void> {
  const {exitCode, stdout, stderr} = await followed.ended;
  assert.equal(exitCode, 0);
  assert.match(String(stderr), /^train goes on without a driver \(agent pid \d+\): its journal follows$/m);
  const lines = String(stdout);
  assert.match(lines, /train +epoch 1\/500 {2}loss .*val loss/);
  assert.match(lines, /train +checkpoint at step \d+/);
  assert.match(lines, /train +cancelled +the run was interrupted/);
  assert.doesNotMatch(lines, / preprocess /);
}

function stepOf(training: Training): number {
  const last = training.events().findLast(({type}) => type === 'progress');
  return last?.type === 'progress' ? last.done : 0;
}

function stepsIn(training: Training): number {
  const last = training.events().findLast(({type}) => type === 'progress');
  return last?.type === 'progress' ? last.total : 0;
}

function lastCheckpoint(training: Training): number {
  const last = training.events().findLast(({type}) => type === 'checkpoint');
  return last?.type === 'checkpoint' ? last.step : 0;
}
