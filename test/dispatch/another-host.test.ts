import assert from 'node:assert/strict';
import {existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import {makeKeyFiles} from '../../pipeline/dispatch/keys.js';
import {type RemotePlace, readDriverKeys} from '../../pipeline/dispatch/place.js';
import {readJournal} from '../../pipeline/dispatch/story.js';
import {CLI} from '../rig.js';
import {
  type DriverProcess,
  type JobFolder,
  jobFolderIn,
  type Step,
  startDriver,
  testPython,
  until,
} from './rig.js';
import {makeTwoHosts, type StandingAgent, startStanding, type TwoHosts} from './two-hosts.js';

const SILENT_MS = 4000;
const EVENTS = 1000;

const CONFIG = `pipeline: far
stages:
  dataset: {uses: synthesize, params: {images: 30, seed: 1}}
  split: {uses: split, params: {method: seeded, seed: 1}}
  preprocess: {uses: preprocess, params: {size: 64}}
  train:
    uses: train
    params: {device: cpu, epochs: 1, batch_size: 8, images: 8, input: {crop: 64}, optimizer: {name: sgd, lr: 1e-3}}
`;

describe('a driver on another host than the agent', function () {
  this.timeout(120_000);
  let folder: string;
  let python: string;
  let hosts: TwoHosts;
  let agent: StandingAgent;
  let keys: {agent: string; driver: string};

  before(async function () {
    const made = makeTwoHosts();
    if (typeof made === 'string') {
      console.error(`      no network namespaces here, so nothing is tested over two of them: ${made}`);
      return this.skip();
    }
    hosts = made;
    folder = mkdtempSync(join(tmpdir(), 'pipeline-hosts-'));
    python = await testPython();
    keys = makeKeyFiles(join(folder, 'node'));
    agent = await startStanding(hosts, {keys: keys.agent, python, cwd: folder});
  });

  after(async () => {
    await agent?.killed();
    hosts?.remove();
    if (folder !== undefined) rmSync(folder, {recursive: true, force: true, maxRetries: 3});
  });

  afterEach(() => hosts?.plug('up'));

  it('trains there, and refuses one without its key', async () => {
    writeFileSync(join(folder, 'far.yaml'), CONFIG);
    const wrong = makeKeyFiles(join(folder, 'other'));
    mixKeys(wrong.driver, keys.driver);
    const refused = await run(['far.yaml', 'train'], wrong.driver);
    assert.equal(refused.exitCode, 4, refused.stderr);
    assert.match(refused.stderr, /refused this driver: it does not know the CURVE key/);
    assert.match(agent.log(), /refused a connection from 10\.99\.77\.1: its key is not the driver's/);

    const trained = await run(['far.yaml', 'train'], keys.driver);
    assert.equal(trained.exitCode, 0, trained.stderr);
    assert.match(trained.stderr, /train +ran/);
    assert.ok(!/the program on .* version/.test(trained.stderr), trained.stderr);
  });

  it('misses no event and gets none twice when the network was cut, and says that it was', () =>
    inJobFolder('cut', async (job) => {
      const driver = drive(job, 'only', {steps: twoParts(job)});
      const differs =
        /^warning the program on \S+ is version \S+\+[0-9a-f]{8}, here it is of the test: install/;
      await driver.line((line) => differs.test(line));
      await driver.line((line) => line === 'recorded 500');
      await until(() => existsSync(job.path('between')), 'the job is half done');
      hosts.plug('down');
      writeFileSync(job.path('go'), '');
      await driver.line((line) => line.startsWith('warning no word from the agent for 2 s'));
      assert.equal(lastEvent(job), 'exited', 'the training goes on without its driver');
      hosts.plug('up');
      assert.deepEqual(await driver.result(), {ok: true, value: {loss: 0.25}});
      assertComplete(job, 'only');
    }));

  it('is followed by another one, when it was killed while the network was cut', () =>
    inJobFolder('killed', async (job) => {
      const first = drive(job, 'first', {steps: twoParts(job)});
      await first.line((line) => line === 'recorded 500');
      await until(() => existsSync(job.path('between')), 'the job is half done');
      hosts.plug('down');
      await first.killed();
      hosts.plug('up');
      // Not told to take over: for a while the agent cannot know that the first one is gone.
      const second = drive(job, 'second', {steps: [], reuseFinished: true});
      await second.line((line) => line.startsWith('info looking whether it is gone'));
      await until(() => recorded(job, 'second').length > 0, 'the second driver is let in');
      writeFileSync(job.path('go'), '');
      assert.deepEqual(await second.result(), {ok: true, value: {loss: 0.25}});
      assertComplete(job, 'second');
    }));

  it('is told that another one has taken its job over, which that had to say', () =>
    inJobFolder('taken', async (job) => {
      const first = drive(job, 'first', {steps: twoParts(job)});
      await until(() => existsSync(job.path('between')), 'the job is half done');
      const second = drive(job, 'second', {steps: [], takeOver: true, reuseFinished: true});
      const result = await first.result();
      assert.ok(!result.ok && result.error.reason === 'busy', JSON.stringify(result));
      assert.match(result.error.message, /, process \d+ has taken the job over$/);
      writeFileSync(job.path('go'), '');
      assert.deepEqual(await second.result(), {ok: true, value: {loss: 0.25}});
    }));

  it('says that it could not tell a job to stop, and how that can be done', () =>
    inJobFolder('stopped', async (job) => {
      const driver = drive(job, 'only', {steps: twoParts(job)});
      await until(() => existsSync(job.path('between')), 'the job is half done');
      hosts.plug('down');
      process.kill(driver.pid, 'SIGINT');
      const note = await driver.line((line) => line.includes('it goes on there'));
      assert.match(note, /to stop it: pipeline agent --stop 10\.99\.77\.2:\d+ --keys/);
      assert.ok(!(await driver.result()).ok);
      hosts.plug('up');
      const {host, port} = agent.address;
      const stopped = await cli('driver', ['agent', '--stop', `${host}:${port}`, '--keys', keys.driver]);
      // What the kernel still had of the first request may have come through before.
      assert.match(stopped.stdout, /^(test-job is stopped|nothing runs at .*)$/, stopped.stderr);
      assert.equal(lastEvent(job), 'exited');
    }));

  it('is told when the agent does not see the folder of the job', () =>
    inJobFolder('unshared', async (job) => {
      // For the driver alone another disk lies over it.
      mkdirSync(job.folder);
      const apart = ['unshare', '--mount', 'sh', '-c', 'mount -t tmpfs none "$0" && exec "$@"', job.folder];
      const driver = drive(job, '../unshared-events', {steps: [], prefix: [...hosts.on('driver'), ...apart]});
      const result = await driver.result();
      assert.ok(!result.ok && result.error.reason === 'environment', JSON.stringify(result));
      assert.match(
        result.error.message,
        /has no folder .*\/unshared\/job: the state directory must lie on a/,
      );
    }));

  it('says so when the machine of the agent is lost', () =>
    inJobFolder('lost', async (job) => {
      const driver = drive(job, 'only', {steps: twoParts(job)});
      await until(() => existsSync(job.path('between')), 'the job is half done');
      await agent.killed();
      const result = await driver.result();
      assert.ok(!result.ok && result.error.reason === 'agent-lost', JSON.stringify(result));
      assert.match(result.error.message, /^the runtime agent at 10\.99\.77\.2:\d+ says nothing for 4 s/);
    }));

  async function inJobFolder(name: string, body: (job: JobFolder) => Promise<void>): Promise<void> {
    await body(jobFolderIn(join(folder, name), python));
  }

  function drive(
    job: JobFolder,
    name: string,
    options: {
      steps: readonly Step[];
      takeOver?: boolean;
      reuseFinished?: boolean;
      prefix?: readonly string[];
    },
  ): DriverProcess {
    const {steps, takeOver = false, reuseFinished = false, prefix = hosts.on('driver')} = options;
    const read = readDriverKeys(keys.driver);
    assert.ok(read.ok);
    const place: RemotePlace = {
      ...{where: 'elsewhere', address: agent.address, keys: read.value, silentMs: SILENT_MS},
      ...{waits: true, takeOver, version: 'of the test'},
    };
    const order = {record: join(job.folder, name), steps, options: {place, reuseFinished}};
    return startDriver(job, {...order, prefix});
  }

  function run(args: readonly string[], file: string) {
    const {host, port} = agent.address;
    return cli('driver', ['run', ...args, '--agent', `${host}:${port}`, '--agent-keys', file]);
  }

  function cli(host: 'driver' | 'agent', args: readonly string[]) {
    const [command, ...prefix] = hosts.on(host);
    return execa(command!, [...prefix, process.execPath, CLI, ...args], {
      ...{cwd: folder, reject: false, stdin: 'ignore', timeout: 60_000},
      env: {NO_COLOR: '1', PIPELINE_PYTHON: python},
    });
  }
});

/** Says much, waits for the file `go` and says much again. */
function twoParts(job: JobFolder): readonly Step[] {
  return [
    {do: 'metrics', count: EVENTS},
    {do: 'touch', path: job.path('between')},
    {do: 'wait-for', path: job.path('go')},
    {do: 'metrics', count: EVENTS},
    {do: 'summary', facts: {loss: 0.25}},
  ];
}

function recorded(job: JobFolder, name: string): readonly number[] {
  const path = join(job.folder, name);
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];
  return lines.map((line) => (JSON.parse(line) as {seq: number}).seq);
}

/** started, the metrics, summary, exited: each once and in order. */
function assertComplete(job: JobFolder, name: string): void {
  const wanted = Array.from({length: 2 * EVENTS + 3}, (_, index) => index + 1);
  assert.deepEqual(recorded(job, name), wanted);
}

function lastEvent(job: JobFolder): string | undefined {
  return [...readJournal(job.dir, 0)].at(-1)?.[1].type;
}

/** A driver that knows the agent's public key, and that the agent does not know. */
function mixKeys(into: string, of: string): void {
  const [own, known] = [into, of].map((path) => JSON.parse(readFileSync(path, 'utf8')));
  writeFileSync(into, JSON.stringify({...own, server: known.server}));
}
