import assert from 'node:assert/strict';
import {readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {JobEvent} from '../../pipeline/model/job-event.js';
import {until} from './rig.js';
import {type Prepared, prepareImages, type Training} from './training.js';

type Victim = 'driver' | 'agent' | 'torchrun' | 'rank';

describe('a training that is killed', function () {
  this.timeout(300_000);
  let images: Awaited<ReturnType<typeof prepareImages>>;
  let undisturbed: string;

  before(async () => {
    images = await prepareImages(2);
    undisturbed = await weightsUndisturbed(images.prepared);
  });

  after(() => images.remove());

  it('ends with the same weights though all that takes part is killed in turn, and lets no other key in', () =>
    images.prepared(async (training) => {
      for (const victim of ['rank', 'torchrun', 'agent', 'driver'] as const) {
        await killAfterCheckpoint(training, victim);
      }
      assert.equal(starts(training), 4, 'what was killed was begun anew each time');
      await withAnotherKey(training, async () => {
        const refused = await training.run();
        assert.equal(refused.code, 1);
        assert.match(
          refused.stderr,
          /refused this driver: it does not know the CURVE key of this job folder/,
        );
      });
      const last = await training.run();
      assert.equal(last.code, 0, last.stderr);
      assert.equal(training.weights(), undisturbed);
      assertNothingLeft(training);
    }));

  it('does not start when the port that was asked for is taken', () =>
    images.prepared(async (training) => {
      const {createServer} = await import('node:net');
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

  it('saves a checkpoint on the first Ctrl-C and stops at once on the second', () =>
    images.prepared(
      async (training) => {
        const running = training.start();
        await until(() => counted(training, 'steps') > 0, 'it trains', 120_000);
        running.kill('SIGINT');
        assert.equal((await running).exitCode, 130);
        // The first of its own would come at the end of the epoch.
        assert.deepEqual([counted(training, 'epoch'), counted(training, 'checkpoint')], [0, 1]);

        const again = training.start();
        await until(() => starts(training) === 2 && isTraining(training), 'it trains again', 120_000);
        again.kill('SIGINT');
        again.kill('SIGINT');
        assert.equal((await again).exitCode, 130);
        assert.equal((await training.run()).code, 0);
        assert.equal(training.weights(), undisturbed);
      },
      {checkpointSteps: 1000},
    ));
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

async function killAfterCheckpoint(training: Training, victim: Victim): Promise<void> {
  const before = counted(training, 'checkpoint');
  const running = training.start();
  await until(() => counted(training, 'checkpoint') > before, 'another checkpoint', 120_000);
  const {agent, torchrun, ranks} = training.pids();
  const pid = {driver: running.pid!, agent, torchrun, rank: ranks.at(-1)!}[victim];
  process.kill(pid, 'SIGKILL');
  const {exitCode, signal} = await running;
  if (victim === 'driver') assert.equal(signal, 'SIGKILL');
  else assert.equal(exitCode, 1);
}

/** One artifact for each stage, and nothing of any attempt. */
function assertNothingLeft({project}: Training): void {
  const names = readdirSync(join(project.folder, '.pipeline', 'artifacts'));
  assert.equal(names.length, 4, names.join());
  assert.deepEqual(readdirSync(join(project.folder, '.pipeline', 'resume')), []);
}

/** As if somebody else found the job: with keys that the agent has never seen. */
async function withAnotherKey(training: Training, body: () => Promise<void>): Promise<void> {
  const job = training.job()!;
  const path = join(job, readdirSync(job).find((file) => file.startsWith('keys-'))!);
  const keys = readFileSync(path, 'utf8');
  const {publicKey, secretKey} = (await import('zeromq')).curveKeyPair();
  const client = {public: publicKey, secret: secretKey};
  writeFileSync(path, JSON.stringify({...JSON.parse(keys), client}));
  await body();
  writeFileSync(path, keys);
}

function counted(training: Training, wanted: JobEvent['type']): number {
  return training.events().filter(({type}) => type === wanted).length;
}

function starts(training: Training): number {
  return counted(training, 'started');
}

function isTraining(training: Training): boolean {
  const types = training.events().map(({type}) => type);
  return types.lastIndexOf('device') > types.lastIndexOf('started');
}
