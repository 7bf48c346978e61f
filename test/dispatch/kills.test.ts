import assert from 'node:assert/strict';
import {readdirSync} from 'node:fs';
import {createServer} from 'node:net';
import {join} from 'node:path';
import type {JobEvent} from '../../pipeline/model/job-event.js';
import {endOfAttempt} from '../../pipeline/model/rank-exits.js';
import {processesOf, until} from './rig.js';
import {type Prepared, prepareImages, type Training} from './training.js';

const PATIENCE_MS = 120_000;

describe('a training that is killed', function () {
  this.timeout(600_000);
  let images: Awaited<ReturnType<typeof prepareImages>>;
  let undisturbed: string;

  before(async () => {
    images = await prepareImages(2);
    undisturbed = await weightsUndisturbed(images.prepared);
  });

  after(() => images.remove());

  // Checkpoints come at the end of an epoch only, and on Ctrl-C.
  it('goes on by itself or with the next run, and ends with the same weights', () =>
    images.prepared(
      async (training) => {
        const job = await rankIsKilledThenCtrlC(training);
        await agentIsKilledThenCtrlCInTheWait(training);
        await allIsKilled(training);
        await untilNothingRuns(job);

        const last = await training.run();
        assert.equal(last.code, 0, last.stderr);
        assert.equal(training.weights(), undisturbed);
        assertWhole(training);
        assertNothingLeft(training);
        await untilNothingRuns(job);
      },
      {checkpointSteps: 1000},
    ));

  it('does not start when the port that was asked for is taken', () =>
    images.prepared(async (training) => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const {port} = server.address() as {port: number};
      try {
        const ended = await training.run({environment: {PIPELINE_AGENT_PORT: String(port)}});
        assert.equal(ended.code, 4);
        assert.ok(ended.stderr.includes(`port ${port} on 127.0.0.1 is taken by another program`));
        assert.match(ended.stderr, /PIPELINE_AGENT_PORT/);
      } finally {
        server.close();
      }
    }));
});

async function weightsUndisturbed(prepared: Prepared): Promise<string> {
  let weights = '';
  await prepared(async (training) => {
    const ended = await training.run();
    assert.equal(ended.code, 0, ended.stderr);
    weights = training.weights();
  });
  return weights;
}

async function rankIsKilledThenCtrlC(training: Training): Promise<string> {
  const running = training.start();
  await until(() => counted(training, 'checkpoint') === 1, 'the first epoch is over', PATIENCE_MS);
  process.kill(training.pids().ranks.at(-1)!, 'SIGKILL');
  await untilTrains(training, {after: 1});
  const epochs = counted(training, 'epoch');
  running.kill('SIGINT');
  const {exitCode, stdout, stderr} = await running;
  assert.equal(exitCode, 130, stderr);
  assert.match(
    stdout + stderr,
    /rank 1 was killed \(SIGKILL\): out of memory, or by someone; rank 0 .*; trying again in 1\.0 s \(1 of 2\), from the checkpoint at step \d+/,
  );
  // The next one of its own would come at the end of the epoch.
  assert.deepEqual([counted(training, 'epoch') - epochs, counted(training, 'checkpoint')], [0, 2]);
  return training.job()!;
}

async function agentIsKilledThenCtrlCInTheWait(training: Training): Promise<void> {
  const before = starts(training);
  const running = training.start();
  let said = '';
  for (const stream of [running.stdout, running.stderr]) stream.on('data', (text) => (said += text));
  await untilTrains(training, {after: before});
  process.kill(training.pids().agent, 'SIGKILL');
  await until(
    () => said.includes('the runtime agent was killed; trying again in 1.0 s (1 of 2)'),
    'it waits',
  );
  running.kill('SIGINT');
  assert.equal((await running).exitCode, 130, said);
}

async function allIsKilled(training: Training): Promise<void> {
  const before = starts(training);
  const running = training.start();
  await untilTrains(training, {after: before});
  const {agent, torchrun, ranks} = training.pids();
  for (const pid of [running.pid!, agent, torchrun, ...ranks]) process.kill(pid, 'SIGKILL');
  assert.equal((await running).signal, 'SIGKILL');
}

/** Until an attempt after so many has told what it trains on. */
async function untilTrains(training: Training, {after}: {after: number}): Promise<void> {
  const trains = () => {
    const types = training.events().map(({type}) => type);
    return starts(training) > after && types.lastIndexOf('device') > types.lastIndexOf('started');
  };
  await until(trains, `attempt ${after + 1} trains`, PATIENCE_MS);
}

/** The run that finished tells of every attempt from its start to its end, and of each rank how it ended. */
function assertWhole({project}: Training): void {
  const runs = join('.pipeline', 'runs');
  const journals = readdirSync(join(project.folder, runs)).map((run) =>
    project.read(join(runs, run, 'events.ndjson')),
  );
  // Another one that succeeded made the images only.
  const last = journals.find((text) => text.includes('"exited"') && /"run-finished".*"succeeded"/.test(text));
  const lines = last!.trimEnd().split('\n');
  const events = lines.flatMap((line) => {
    const {type, event} = JSON.parse(line) as {type: string; event: JobEvent};
    return type === 'job-event' && (event.type === 'started' || event.type === 'exited') ? [event] : [];
  });
  const ends = events.map(({type}) => type);
  assert.deepEqual(ends, Array.from({length: ends.length / 2}, () => ['started', 'exited']).flat());
  const exits = events.flatMap((event) => (event.type === 'exited' ? [event] : []));
  assert.ok(exits.every(({rank_exits: ranks}) => ranks.map(({rank}) => rank).join() === '0,1'));
  const told = exits.map((exit) => (exit.code === 0 ? 'it ended well' : endOfAttempt(exit)));
  const expected = ['rank 1 was killed (SIGKILL)', 'it was told to stop', 'its agent was killed'];
  assert.deepEqual(told.slice(0, 3), expected);
  assert.deepEqual(told.slice(-2), ['its agent was killed', 'it ended well']);
}

/** One artifact for each stage, and nothing of any attempt. */
function assertNothingLeft({project}: Training): void {
  const names = readdirSync(join(project.folder, '.pipeline', 'artifacts'));
  assert.equal(names.length, 4, names.join());
  assert.deepEqual(readdirSync(join(project.folder, '.pipeline', 'resume')), []);
}

async function untilNothingRuns(job: string): Promise<void> {
  await until(() => processesOf(job).length === 0, 'no process of the job is left');
}

function counted(training: Training, wanted: JobEvent['type']): number {
  return training.events().filter(({type}) => type === wanted).length;
}

function starts(training: Training): number {
  return counted(training, 'started');
}
