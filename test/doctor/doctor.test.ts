import assert from 'node:assert/strict';
import type {Check} from '../../pipeline/doctor/check.js';
import {withProject} from '../rig.js';

type Document = Readonly<{schema: string; checks: readonly Check[]}>;

describe('pipeline doctor', () => {
  it('finds nothing missing where the tests run', () =>
    withProject(async (project) => {
      const {schema, checks} = await project.json<Document>(['doctor']);
      assert.equal(schema, 'pipeline/doctor/v1');
      assert.deepEqual(
        checks.filter(({status}) => status === 'missing'),
        [],
      );
      assert.match(checks.find(({name}) => name === 'torch')?.detail ?? '', /^torch \d+\.\d+/);
    }));

  it('exits 4 when something is missing, says what to do about it, and makes no state directory', () =>
    withProject(async (project) => {
      const environment = {PIPELINE_PYTHON: '/nowhere/python3'};
      const {code, stdout, stderr} = await project.run(['doctor'], {environment});
      assert.equal(code, 4, stderr);
      assert.match(
        stdout,
        /✗ python +PIPELINE_PYTHON names \/nowhere\/python3, which is not there\n +→ mend the path/,
      );
      assert(!project.has('.pipeline'));
    }));
});
