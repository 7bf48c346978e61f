import assert from 'node:assert/strict';
import {appendFileSync, existsSync, readdirSync} from 'node:fs';
import {join} from 'node:path';
import {execa} from 'execa';
import {preparePython} from '../../pipeline/execute/python-environment.js';
import {withTinySets} from './tiny-set.js';

describe('the Python environment of the pipeline', function () {
  this.timeout(180_000);

  it('is made by one of two that need it at once, and is then found without starting a process', () =>
    withTinySets(['cpu', 'default'], async ({request}) => {
      const progress: string[] = [];
      const onProgress = (text: string) => void progress.push(text);
      const both = await Promise.all([
        preparePython({...request, onProgress}),
        preparePython({...request, onProgress}),
      ]);
      assert.deepEqual(both[0], both[1]);
      assert.equal(progress.filter((text) => text.startsWith('installing Python packages')).length, 1);
      const waiting = progress.filter((text) => text.startsWith('waiting for'));
      assert.equal(waiting.length, 1);
      assert.match(
        waiting[0]!,
        new RegExp(`^waiting for (process ${process.pid}|another process), which is`),
      );
      const environment = {...request.environment, PATH: ''};
      assert.deepEqual(await preparePython({...request, environment}), both[0]);
    }));

  it('falls back to the default set where pip finds no CPU build, and is another one when the pins change', () =>
    withTinySets(['default'], async ({request, sourceFolder}) => {
      const made = await preparePython(request);
      assert(made.ok);
      assert.deepEqual(made.value.origin, 'the default set');
      const {stdout} = await execa(made.value.executable, ['-c', 'import torch; print(torch.version)']);
      assert.equal(stdout, '1.0');

      appendFileSync(join(sourceFolder, 'requirements', 'default.txt'), '# changed\n');
      const interrupted = await preparePython({...request, signal: AbortSignal.abort()});
      assert(!interrupted.ok && interrupted.error.reason === 'environment');
      assert.equal(interrupted.error.message, 'Setting up Python was interrupted');
      assert(existsSync(made.value.executable), 'the older one stays');
    }));

  it('is repaired by the next run after a SIGKILL in the middle of the installation', () =>
    withTinySets(['default'], async ({request, cacheFolder}) => {
      const {environment, sourceFolder} = request;
      const argument = JSON.stringify({environment, cacheFolder, sourceFolder});
      const killed = execa('node', [join(import.meta.dirname, 'prepare.js'), argument], {reject: false});
      for await (const line of killed.iterable({preserveNewlines: false})) {
        if (String(line).startsWith('unpacking')) killed.kill('SIGKILL');
      }
      assert.equal((await killed).signal, 'SIGKILL');
      assert.deepEqual(
        readdirSync(cacheFolder).filter((name) => /^python-[0-9a-f]{16}$/.test(name)),
        [],
      );

      const repaired = await preparePython(request);
      assert(repaired.ok);
      await execa(repaired.value.executable, ['-c', 'import torch, numpy, scipy, zmq']);
      const attempts = readdirSync(cacheFolder).filter((name) => name.startsWith('environment-'));
      assert.equal(attempts.length, 1, 'what the killed one left is gone');
    }));

  it('says what pip could not find', () =>
    withTinySets([], async ({request}) => {
      const environment = {...request.environment, PIP_FIND_LINKS: ''};
      const failed = await preparePython({...request, environment});
      assert(!failed.ok && failed.error.reason === 'environment');
      assert.match(
        failed.error.message,
        /^pip finds no the default set for \S*python3\S* \(Python 3\.\d+\.\d+\)$/,
      );
      assert.deepEqual(readdirSync(request.cacheFolder), ['environments.lock']);
    }));
});
