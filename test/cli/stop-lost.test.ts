import assert from 'node:assert/strict';
import {once} from 'node:events';
import {chmodSync, rmSync} from 'node:fs';
import {createServer} from 'node:net';
import {join} from 'node:path';
import {killGroup} from '../../pipeline/execute/process-group.js';
import {testPython} from '../dispatch/rig.js';
import {type Project, withProject} from '../rig.js';
import {attemptOf, started, writeGated} from './gated.js';

describe('pipeline stop, of a job that a standing agent has lost', () => {
  it('says so and settles the run; without the keys it exits with 2', () =>
    withProject(async (project) => {
      const address = `127.0.0.1:${await freePort()}`;
      assert.equal((await project.run(['agent', '--make-keys', 'node'])).code, 0);
      await leave(project, address);
      assert.match((await project.run(['ls'])).stdout, /wait may go on without a driver/);

      const keys = project.read('node.driver.json');
      rmSync(join(project.folder, 'node.driver.json'));
      const locked = await project.run(['stop']);
      assert.equal(locked.code, 2, locked.stderr);
      assert.match(locked.stderr, /cannot read the key file .*node\.driver\.json/);
      const made = project.write('node.driver.json', keys);
      chmodSync(made, 0o600);

      const listen = ['agent', '--listen', address, '--keys', 'node.agent.json'];
      const agent = project.start(listen, {environment: {PIPELINE_PYTHON: await testPython()}});
      try {
        const stopped = await project.run(['stop']);
        assert.equal(stopped.code, 0, stopped.stderr);
        const lost = `run calm-carina had been cut short: the agent at ${address} does not have wait any more`;
        assert.ok(stopped.stdout.startsWith(`${lost}\n`), stopped.stdout);
      } finally {
        agent.kill('SIGTERM');
        await agent;
      }
      assert.match((await project.run(['ls'])).stdout, /calm-carina +gated +unfinished/);
      assert.equal((await project.run(['logs', '-f'])).code, 0);
      const again = await project.run(['stop', '@last']);
      assert.equal(again.stderr, 'run calm-carina does not run: it is unfinished\n');
    }));
});

/** A run whose driver was killed, and whose stage looks like a job of the agent at that address. */
async function leave(project: Project, address: string): Promise<void> {
  writeGated(project);
  const chosen = ['--agent', address, '--agent-keys', 'node.driver.json'];
  const driver = project.start(['run', 'configs/gated.yaml', '--name', 'calm-carina', ...chosen]);
  await started(project, 1);
  driver.kill('SIGKILL');
  await driver;
  const {fingerprint, attempt} = attemptOf(project);
  killGroup(attempt.children[0]!.pid, 'SIGKILL');
  const begun = {type: 'started', at: 1, pid: 1, ranks: 1, attempt: 1, argv: []};
  project.write(`.pipeline/resume/${fingerprint}/job/journal.ndjson`, `${JSON.stringify(begun)}\n`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const {port} = server.address() as {port: number};
  server.close();
  await once(server, 'close');
  return port;
}
