import assert from 'node:assert/strict';
import {readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {until} from './rig.js';
import {type Prepared, type Training, withPreparedImages} from './training.js';

type Victim = 'driver' | 'agent' | 'torchrun' | 'rank';

describe('a training that is killed', function () {
  this.timeout(900_000);

  it('ends with the same weights on the next run, whoever was killed', () =>
    withPreparedImages(2, async (prepared) => {
      const undisturbed = await weightsUndisturbed(prepared);
      for (const victim of ['driver', 'agent', 'torchrun', 'rank'] as const) {
        await prepared(async (training) => {
          await killAfterCheckpoint(training, victim);
          const next = await training.run();
          assert.equal(next.code, 0, `${victim}: ${next.stderr}`);
          assert.equal(training.weights(), undisturbed, victim);
          assertNothingLeft(training);
        });
      }
    }));

  it('refuses a driver with another CURVE key, and goes on under the right one', () =>
    withPreparedImages(1, (prepared) =>
      prepared(async (training) => {
        await killAfterCheckpoint(training, 'driver');
        const job = training.job()!;
        const name = readdirSync(job).find((file) => file.startsWith('keys-'))!;
        const keys = readFileSync(join(job, name), 'utf8');
        const {curveKeyPair} = await import('zeromq');
        const {publicKey, secretKey} = curveKeyPair();
        const client = {public: publicKey, secret: secretKey};
        writeFileSync(join(job, name), JSON.stringify({...JSON.parse(keys), client}));
        const refused = await training.run();
        assert.equal(refused.code, 1);
        assert.match(
          refused.stderr,
          /refused this driver: it does not know the CURVE key of this job folder/,
        );
        writeFileSync(join(job, name), keys);
        assert.equal((await training.run()).code, 0);
      }),
    ));

  it('does not start when the port that was asked for is taken', () =>
    withPreparedImages(1, (prepared) =>
      prepared(async (training) => {
        const {createServer} = await import('node:net');
        const server = createServer();
        await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
        const {port} = server.address() as {port: number};
        try {
          const ended = await training.run({environment: {PIPELINE_AGENT_PORT: String(port)}});
          assert.equal(ended.code, 4);
          assert.ok(ended.stderr.includes(`port ${port} on 127.0.0.1 is taken by another program`));
        } finally {
          server.close();
        }
      }),
    ));

  it('saves a checkpoint on the first Ctrl-C and stops at once on the second', () =>
    withPreparedImages(2, async (prepared) => {
      const undisturbed = await weightsUndisturbed(prepared);
      await prepared(async (training) => {
        const running = training.start();
        await until(() => training.events().some(({type}) => type === 'steps'), 'it trains', 120_000);
        running.kill('SIGINT');
        assert.equal((await running).exitCode, 130);
        assert.ok(training.events().some(({type}) => type === 'checkpoint'));

        const again = training.start();
        await until(() => starts(training) === 2 && isTraining(training), 'it trains again', 120_000);
        again.kill('SIGINT');
        again.kill('SIGINT');
        assert.equal((await again).exitCode, 130);
        assert.equal((await training.run()).code, 0);
        assert.equal(training.weights(), undisturbed);
      });
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

async function killAfterCheckpoint(training: Training, victim: Victim): Promise<void> {
  const running = training.start();
  await until(() => training.events().some(({type}) => type === 'checkpoint'), 'a checkpoint', 120_000);
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

function starts(training: Training): number {
  return training.events().filter(({type}) => type === 'started').length;
}

function isTraining(training: Training): boolean {
  const types = training.events().map(({type}) => type);
  return types.lastIndexOf('device') > types.lastIndexOf('started');
}
