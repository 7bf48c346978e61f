import assert from 'node:assert/strict';
import {readdirSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import type {Finished, PlanDocument} from '../rig.js';
import {fill} from '../store/workplace.js';
import {decisions, imageName, settle, writeImages, writeTables} from './many-files.js';
import {onSmallDisk} from './small-disk.js';

/** One message with the place and what to do, the documented exit code, and no stack trace. */
function assertNoSpace({code, stderr}: Finished, {home, stage}: {home: string; stage: string}): void {
  assert.equal(code, 1, stderr);
  const told = stderr.split('\n').filter((line) => line.includes('no space left on the device'));
  assert.equal(told.length, 1, stderr);
  assert.match(told[0]!, new RegExp(`${stage} +FAILED +after .*: ${home}/`));
  assert.match(stderr, /free some space and run again, nothing is lost/);
  assert.doesNotMatch(stderr, /\n\s+at |fault of the program/);
}

/** Names in the folder of artifacts: one for each stage that was made, and nothing half made. */
function artifactsIn(home: string): readonly string[] {
  return readdirSync(join(home, 'artifacts'));
}

describe('a disk that is full half-way', () => {
  it('while a data set is taken stock of is said once, and with more space the run is made whole', async function () {
    // What is known of 3,000 files takes 250 KB, their inventory 300 KB more.
    await onSmallDisk({context: this, size: '420k'}, async ({project, home, remount}) => {
      const options = {environment: {PIPELINE_HOME: home}};
      writeImages(project, {count: 3000, bytes: 200});
      await settle(project, `images/${imageName(2999)}`, 'metadata.csv');
      assertNoSpace(await project.run(['run', 'many.yaml'], options), {home, stage: 'dataset'});
      assert.deepEqual(artifactsIn(home), []);
      remount('size=8m');
      const again = await project.json<PlanDocument>(['run', 'many.yaml'], options);
      assert.deepEqual(decisions(again), ['run', 'run']);
      assert.equal(artifactsIn(home).length, 2);
      const third = await project.json<PlanDocument>(['run', 'many.yaml'], options);
      assert.deepEqual(decisions(third), ['skip', 'skip']);
    });
  });

  it('while a data set is split leaves the data set as it is', async function () {
    await onSmallDisk({context: this, size: '1500k'}, async ({project, home}) => {
      const options = {environment: {PIPELINE_HOME: home}};
      writeTables(project, 6000);
      await project.json(['run', 'many.yaml', 'dataset'], options);
      // Room for the records of a run, but not for the folds of 6,000 images.
      const fillers = fill(home);
      for (const filler of fillers.slice(0, 2)) rmSync(filler);
      assertNoSpace(await project.run(['run', 'many.yaml'], options), {home, stage: 'split'});
      assert.equal(artifactsIn(home).length, 1);
      for (const filler of fillers.slice(2)) rmSync(filler);
      const again = await project.json<PlanDocument>(['run', 'many.yaml'], options);
      assert.deepEqual(decisions(again), ['skip', 'run']);
      assert.equal(artifactsIn(home).length, 2);
    });
  });
});
