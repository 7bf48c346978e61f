import assert from 'node:assert/strict';
import {chmodSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {execa} from 'execa';
import {preparePython} from '../../pipeline/execute/python-environment.js';
import {pythonSets} from '../../pipeline/execute/python-pins.js';
import type {Failure} from '../../pipeline/model/failure.js';
import {type TinySets, withTinySets} from './tiny-set.js';

const LEAVE_OUT = 'leave PIPELINE_PYTHON out: the pipeline then makes an environment of its own';

describe('a Python that the user names', () => {
  it('that is not there is said to be so, with what to do', () =>
    withTinySets([], async (sets) => {
      assert.deepEqual(await failureOf(sets, '/nowhere/python3'), {
        reason: 'environment',
        message: 'PIPELINE_PYTHON names /nowhere/python3, which is not there',
        hint: `mend the path, or ${LEAVE_OUT}`,
      });
    }));

  it('that lacks packages is told from a good one by name, and gets nothing installed', () =>
    withTinySets([], async (sets) => {
      const {stdout} = await execa('python3', [
        '-c',
        'import sys; print(sys.version.split()[0], sys._base_executable)',
      ]);
      const [version, base] = stdout.split(' ');
      // `-S`: as if nothing were installed, wherever this runs.
      const bare = script(sets, 'bare', `exec ${base} -S "$@"`);
      assert.deepEqual(await failureOf(sets, bare), {
        reason: 'environment',
        message: `PIPELINE_PYTHON names ${bare} (Python ${version}), which lacks torch, numpy, scipy, zmq`,
        hint: `${bare} -m pip install 'torch>=2.9' numpy scipy pyzmq; or ${LEAVE_OUT}`,
      });
    }));

  it('that does not start is quoted', () =>
    withTinySets([], async (sets) => {
      const broken = script(sets, 'broken', 'echo "libfoo.so.1: not found" >&2; exit 127');
      const failure = await failureOf(sets, broken);
      assert(failure.reason === 'environment');
      const said = `PIPELINE_PYTHON names ${broken}, which does not work as Python 3: libfoo.so.1: not found`;
      assert.equal(failure.message, said);
    }));

  it('is asked once for what it has, and again when it changes; the configuration goes before the environment', () =>
    withTinySets([], async (sets) => {
      const good = script(sets, 'good', `echo '{"version": [3, 12, 1], "missing": []}'`);
      const environment = {...sets.request.environment, PIPELINE_PYTHON: '/nowhere/python3'};
      const question = {...sets.request, configured: good, environment};
      const answer = {ok: true, value: {executable: good, origin: 'python:'}};
      assert.deepEqual(await preparePython(question), answer);
      writeFileSync(good, '#!/bin/sh\nexit 1\n');
      assert(!(await preparePython(question)).ok);
    }));
});

describe('the set of Python packages', () => {
  it('is the default one alone with an NVIDIA GPU, or when PIP_FIND_LINKS is set to nothing', () =>
    withTinySets([], async (sets) => {
      const requirements = join(sets.sourceFolder, 'requirements');
      writeFileSync(join(sets.wheels, 'nvidia-smi'), '');
      const names = (environment: Record<string, string>) =>
        pythonSets(requirements, environment).map(({name}) => name);
      assert.deepEqual(names({PATH: sets.wheels}), ['default']);
      assert.deepEqual(names({PATH: '', PIP_FIND_LINKS: ''}), ['default']);
    }));
});

async function failureOf({request}: TinySets, name: string): Promise<Failure> {
  const environment = {...request.environment, PYTHONPATH: '', PIPELINE_PYTHON: name};
  const result = await preparePython({...request, environment});
  assert(!result.ok);
  return result.error;
}

function script({wheels}: TinySets, name: string, body: string): string {
  const path = join(wheels, name);
  writeFileSync(
    path,
    `#!/bin/sh
${body}
`,
  );
  chmodSync(path, 0o755);
  return path;
}
