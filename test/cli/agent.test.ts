import assert from 'node:assert/strict';
import {chmodSync, copyFileSync, statSync} from 'node:fs';
import {createServer} from 'node:net';
import {join} from 'node:path';
import {type PlaceOptions, placeOf} from '../../pipeline/commands/agent-place.js';
import type {Shell} from '../../pipeline/commands/shell.js';
import {parseAddress} from '../../pipeline/dispatch/place.js';
import {testPython} from '../dispatch/rig.js';
import {type Project, withProject} from '../rig.js';

const CONFIG = 'pipeline: small\nstages:\n  dataset: {uses: synthesize, params: {images: 4, seed: 1}}\n';

async function withKeys(body: (project: Project) => Promise<void>): Promise<void> {
  await withProject(async (project) => {
    project.write('small.yaml', CONFIG);
    assert.equal((await project.run(['agent', '--make-keys', 'node'])).code, 0);
    await body(project);
  });
}

/** What `run` says of these options before it does anything. */
function faultOf(project: Project, options: PlaceOptions, environment: Record<string, string> = {}): string {
  const shell = {folder: project.folder, environment, version: '1.0.0'} as unknown as Shell;
  const place = placeOf(shell, options);
  assert.ok(!place.ok, JSON.stringify(options));
  return place.error.message;
}

describe('pipeline agent', () => {
  it('makes two files of keys for their user alone, and none over another', () =>
    withKeys(async (project) => {
      for (const name of ['node.agent.json', 'node.driver.json'])
        assert.equal(statSync(join(project.folder, name)).mode & 0o777, 0o600);
      const [agent, driver] = ['agent', 'driver'].map((name) =>
        JSON.parse(project.read(`node.${name}.json`)),
      );
      assert.equal(agent.client.secret, undefined);
      assert.equal(driver.server.secret, undefined);
      assert.equal(agent.server.public, driver.server.public);
      const before = project.read('node.driver.json');
      const again = await project.run(['agent', '--make-keys', 'node']);
      assert.equal(again.code, 2);
      assert.match(again.stderr, /cannot make the keys: .*node\.agent\.json exists/);
      assert.equal(project.read('node.driver.json'), before);
    }));

  it('is told what it lacks', () =>
    withKeys(async (project) => {
      for (const [args, message] of [
        [[], /one of --listen, --stop and --make-keys is needed/],
        [['--listen', '127.0.0.1:0'], /--keys is needed/],
        [['--listen', 'here', '--keys', 'node.agent.json'], /--listen here is no address/],
        [['--listen', '127.0.0.1:0', '--keys', 'node.driver.json'], /holds the keys of a driver/],
        [['--listen', '127.0.0.1:0', '--keys', 'nowhere.json'], /cannot read the key file .*nowhere\.json/],
      ] as const) {
        const ended = await project.run(['agent', ...args]);
        assert.equal(ended.code, 2, ended.stderr);
        assert.match(ended.stderr, message);
      }
    }));

  it('ends with exit code 4 when its port is taken', () =>
    withKeys(async (project) => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const {port} = server.address() as {port: number};
      try {
        const options = {environment: {PIPELINE_PYTHON: await testPython()}};
        const ended = await project.run(
          ['agent', '--listen', `127.0.0.1:${port}`, '--keys', 'node.agent.json'],
          options,
        );
        assert.equal(ended.code, 4, ended.stderr);
        assert.match(ended.stderr, new RegExp(`127\\.0\\.0\\.1:${port}: Address already in use`));
      } finally {
        server.close();
      }
    }));
});

describe('pipeline run --agent', () => {
  it('is told what is wrong with the address and the keys before anything runs', () =>
    withKeys(async (project) => {
      copyFileSync(join(project.folder, 'node.driver.json'), join(project.folder, 'open.json'));
      chmodSync(join(project.folder, 'open.json'), 0o644);
      project.write('text.json', 'keys?');
      chmodSync(join(project.folder, 'text.json'), 0o600);
      const agent = 'gaudi1:1';
      for (const [options, message] of [
        [{agent: 'gaudi1'}, /^--agent gaudi1 is no address$/],
        [{agent: 'gaudi1:99999'}, /^--agent gaudi1:99999 is no address$/],
        [{agent}, /^the agent at gaudi1:1 lets nobody in without keys$/],
        [{agent, agentKeys: 'nowhere'}, /^cannot read the key file .*nowhere/],
        [{agent, agentKeys: 'text.json'}, /text\.json: it is no JSON$/],
        [{agent, agentKeys: 'open.json'}, /^others may read the key file .* \(mode 644\)$/],
        [{agent, agentKeys: 'node.agent.json'}, /holds the keys of an agent, not of a driver$/],
        [{agentKeys: 'node.driver.json'}, /^--agent-keys is for an agent on another machine$/],
        [{takeOver: true}, /^--take-over is for an agent on another machine$/],
      ] as const) {
        assert.match(faultOf(project, options), message);
      }
      const limit = {PIPELINE_AGENT_SILENT_SECONDS: 'long'};
      assert.equal(
        faultOf(project, {agent, agentKeys: 'node.driver.json'}, limit),
        'PIPELINE_AGENT_SILENT_SECONDS=long',
      );
      const ended = await project.run(['run', 'small.yaml', '--agent', 'gaudi1']);
      assert.deepEqual([ended.code, project.has('.pipeline')], [2, false], ended.stderr);
    }));

  it('does not ask the agent when nothing is to be trained', () =>
    withKeys(async (project) => {
      const environment = {PIPELINE_AGENT: 'nowhere.invalid:1', PIPELINE_AGENT_KEYS: 'node.driver.json'};
      const ended = await project.run(['run', 'small.yaml'], {environment});
      assert.equal(ended.code, 0, ended.stderr);
    }));
});

describe('the address of an agent', () => {
  for (const [text, host, port] of [
    ['gaudi1:29500', 'gaudi1', 29500],
    ['10.0.0.7:0', '10.0.0.7', 0],
    ['[fd00::1]:29500', 'fd00::1', 29500],
    ['node-a.cluster.example:1', 'node-a.cluster.example', 1],
  ] as const) {
    it(`is understood: ${text}`, () => {
      assert.deepEqual(parseAddress(text, '--agent'), {ok: true, value: {host, port}});
    });
  }
  for (const text of [
    '',
    'gaudi1',
    'gaudi1:',
    ':1',
    'fd00::1:29500',
    'a b:1',
    'tcp://a:1',
    'a:-1',
    'a:1.5',
  ]) {
    it(`is refused: '${text}'`, () => assert.ok(!parseAddress(text, '--agent').ok));
  }
});
