import assert from 'node:assert/strict';
import type {Check} from '../../pipeline/doctor/check.js';
import {checkSurveyed} from '../../pipeline/doctor/supports.js';
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
      const cpu = checks.find(({name}) => name === 'cpu');
      assert.deepEqual(cpu?.supports, {
        precisions: ['fp32', 'bf16', 'fp16', 'fp64'],
        channels_last: true,
        deterministic: true,
        average: false,
        sync_batch_norm: false,
        compiler: 'inductor',
      });
      const able = 'fp32, bf16, fp16, fp64; compile by inductor; channels_last; deterministic';
      assert(cpu.detail.endsWith(`: ${able}; no sync_batch_norm or AVG in collectives`), cpu.detail);
    }));

  it('a device that torch sees and that fails does not hide the others', () => {
    const check = checkSurveyed({name: 'hpu', fault: 'RuntimeError: synStatus 26\nat …'});
    assert.equal(check.status, 'warning');
    assert.equal(check.detail, 'torch sees it, and it does not work: RuntimeError: synStatus 26');
  });

  it('what a device has all of is told without a lack', () => {
    const supports = {
      ...{precisions: ['fp32'], channels_last: true, deterministic: true, average: true},
      ...{sync_batch_norm: true, compiler: null},
    };
    const {detail} = checkSurveyed({name: 'x', description: 'X', supports});
    assert.equal(
      detail,
      'X: fp32; no compile; channels_last; deterministic; sync_batch_norm; AVG in collectives',
    );
  });

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
