import assert from 'node:assert/strict';
import {existsSync, mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import {type Bridge, openBridge} from '../../pipeline/execute/bridge.js';
import type {Failure} from '../../pipeline/model/failure.js';
import type {Json, JsonObject} from '../../pipeline/model/json.js';
import type {Result} from '../../pipeline/model/result.js';
import {testPython} from '../dispatch/rig.js';
import {ROOT} from '../rig.js';

const SOURCE = join(ROOT, 'py');
const PROBES = join(ROOT, 'test', 'execute', 'python');

describe('the bridge to Python', () => {
  let bridge: Bridge;
  let folder: string;
  let log: string;
  let pythonPath: string | undefined;

  before(async () => {
    pythonPath = process.env['PYTHONPATH'];
    process.env['PYTHONPATH'] = PROBES;
    folder = mkdtempSync(join(tmpdir(), 'pipeline-bridge-'));
    log = join(folder, 'bridge.log');
    bridge = openBridge({python: await testPython(), sourceFolder: SOURCE});
  });

  after(() => {
    bridge.close();
    if (pythonPath === undefined) delete process.env['PYTHONPATH'];
    else process.env['PYTHONPATH'] = pythonPath;
    rmSync(folder, {recursive: true, force: true});
  });

  function call(
    name: string,
    input: JsonObject = {},
    options: {timeoutMs?: number; signal?: AbortSignal} = {},
  ): Promise<Result<Json, Failure>> {
    const {timeoutMs = 30_000, signal = new AbortController().signal} = options;
    return bridge.call(`bridge_probe:${name}`, input, {timeoutMs, signal, log});
  }

  async function failureOf(name: string, options?: Parameters<typeof call>[2]): Promise<Failure> {
    const result = await call(name, {}, options);
    assert.ok(!result.ok, JSON.stringify(result));
    return result.error;
  }

  it('carries JSON there and back in one process', async () => {
    const first = await call('double', {n: 21, text: 'ünï ✓ \u2028 "\n'});
    const second = await call('double', {n: 1, text: ''});
    assert.ok(first.ok && second.ok);
    const {pid, ...value} = first.value as JsonObject;
    assert.deepEqual(value, {twice: 42, text: 'ünï ✓ \u2028 "\n'});
    assert.equal((second.value as JsonObject)['pid'], pid);
  });

  it('carries large answers', async () => {
    const result = await call('big', {count: 300_000});
    assert.ok(result.ok);
    assert.equal(((result.value as JsonObject)['numbers'] as Json[]).length, 300_000);
  });

  it('refuses NaN and says where it was', async () => {
    const failure = await failureOf('nan');
    assert.equal(failure.reason, 'threw');
    assert.equal(
      'message' in failure && failure.message,
      'bridge_probe:nan: ValueError: bridge_probe:nan returned nan at folds[1].auroc, which JSON cannot carry',
    );
  });

  it('refuses what JSON has no form for', async () => {
    const failure = await failureOf('odd');
    assert.ok('message' in failure);
    assert.match(failure.message, /PosixPath has no form in JSON/);
  });

  it('brings an exception over with its trace', async () => {
    const failure = await failureOf('fails');
    assert.ok(failure.reason === 'threw');
    assert.equal(failure.message, 'bridge_probe:fails: ValueError: bad predictions');
    assert.match(failure.trace, /bridge_probe\.py", line \d+, in fails/);
  });

  it("brings a user's mistake over without one", async () => {
    assert.deepEqual(await failureOf('mistake'), {
      reason: 'invalid-input',
      diagnostics: [
        {
          severity: 'error',
          message: 'predictions.csv has no column Mass',
          location: null,
          hint: 'run predict again',
        },
      ],
    });
  });

  it('names a module that is not installed', async () => {
    const failure = await failureOf('lacks');
    assert.equal(failure.reason, 'environment');
    assert.ok('message' in failure && failure.message.includes("'a_package_that_nobody_has'"));
  });

  it('survives a function that wants to leave', async () => {
    const failure = await failureOf('leaves');
    assert.equal('message' in failure && failure.message, 'bridge_probe:leaves: SystemExit: 3');
  });

  it('notices at once that Python has died, and starts another for the next call', async () => {
    const failure = await failureOf('dies');
    assert.deepEqual(failure, {
      ...{reason: 'exited', what: 'bridge_probe:dies', code: 9, signal: null, rank: null},
      message: 'Python ended during the call (exit status 9)',
      tail: [...(failure.reason === 'exited' ? failure.tail.slice(0, -1) : []), 'about to die'],
    });
    assert.ok((await call('double', {n: 1, text: ''})).ok);
  });

  it('ends a call at its time limit', async () => {
    assert.deepEqual(await failureOf('hangs', {timeoutMs: 500}), {
      reason: 'timed-out',
      what: 'bridge_probe:hangs',
      afterMs: 500,
    });
    assert.ok((await call('double', {n: 1, text: ''})).ok);
  });

  it('ends a call when it is told to stop, and those that wait behind it', async () => {
    const stop = new AbortController();
    const calls = [failureOf('hangs', {signal: stop.signal}), failureOf('double', {signal: stop.signal})];
    stop.abort();
    const failures = await Promise.all(calls);
    assert.deepEqual(
      failures.map((failure) => 'message' in failure && failure.message),
      ['stopped before its end', 'stopped before its end'],
    );
  });

  it('keeps what is printed away from the standard streams of the driver', async () => {
    const script = join(import.meta.dirname, 'noisy-driver.js');
    const quiet = join(folder, 'noise.log');
    const {stdout, stderr} = await execa(process.execPath, [script, await testPython(), SOURCE, quiet], {
      env: {PYTHONPATH: PROBES},
      input: 'for the driver alone',
    });
    assert.deepEqual([JSON.parse(stdout), stderr], [{ok: true, value: {read: ''}}, '']);
    const noise = readFileSync(quiet, 'utf8').trimEnd().split('\n').sort();
    assert.deepEqual(noise, ['noise from Python', 'noise from a child', 'noise from below']);
  });

  it('tells of an interpreter that is not there without starting anything', async () => {
    const nowhere = openBridge({python: '/nowhere/python', sourceFolder: SOURCE});
    const {signal} = new AbortController();
    const result = await nowhere.call('a:b', {}, {timeoutMs: 1000, signal, log: join(folder, 'none.log')});
    assert.ok(!result.ok && result.error.reason === 'environment');
    assert.ok(!existsSync(join(folder, 'none.log')));
  });
});
