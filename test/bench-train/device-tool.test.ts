import assert from 'node:assert/strict';
import {chmodSync} from 'node:fs';
import {setTimeout as wait} from 'node:timers/promises';
import {readDriver, startPowerMeter} from '../../pipeline/bench/device-tool.js';
import {type Project, withProject} from '../rig.js';

/** Stands in for the driver's tool: two devices that draw 100 and 50 W. */
function writeTool(project: Project, name: string): Readonly<Record<string, string>> {
  const script = `#!/bin/sh
case "$*" in
*driver_version*) echo 570.86.10; echo 570.86.10 ;;
*power.draw*) echo 100.0; echo 50.0 ;;
*) exit 1 ;;
esac
`;
  chmodSync(project.write(`bin/${name}`, script), 0o755);
  return {PATH: `${project.folder}/bin:${process.env['PATH']}`};
}

describe('the tool of a driver', () => {
  it('tells the driver, and what the devices of the ranks draw', () =>
    withProject(async (project) => {
      const environment = writeTool(project, 'nvidia-smi');
      assert.equal(await readDriver('cuda', environment), '570.86.10');
      const meters = [1, 2].map((devices) =>
        startPowerMeter({device: 'cuda', devices, everyMs: 20}, environment),
      );
      let energy = meters.map((meter) => meter.read());
      while (energy.includes(undefined)) {
        await wait(20);
        energy = meters.map((meter) => meter.read());
      }
      for (const meter of meters) meter.stop();
      assert.deepEqual(
        energy.map((one) => one!.mean_watts),
        [100, 150],
      );
      assert.ok(energy[0]!.joules > 0);
      assert.match(energy[0]!.source, /^nvidia-smi power\.draw/);
    }));

  it('tells nothing where there is none, and of devices that have none', () =>
    withProject(async (project) => {
      const environment = writeTool(project, 'hl-smi');
      assert.equal(await readDriver('hpu', environment), '570.86.10');
      assert.equal(await readDriver('cuda', {PATH: project.folder}), null);
      assert.equal(await readDriver('cpu', environment), null);
      assert.equal(startPowerMeter({device: 'cpu', devices: 1, everyMs: 20}, environment).read(), undefined);
    }));
});
