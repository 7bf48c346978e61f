import assert from 'node:assert/strict';
import {syntheticSettings, trainSettings} from '../../pipeline/bench/settings.js';
import {loadConfig} from '../../pipeline/config/load.js';
import {edgeFaults} from '../../pipeline/graph/build.js';
import type {JsonObject} from '../../pipeline/model/json.js';
import {stageKinds} from '../../pipeline/stages/index.js';
import {TRAIN_PRESETS} from '../../pipeline/stages/train-presets.js';
import {ROOT} from '../rig.js';

/** The parameters of each stage of a configuration that comes with the program. */
function paramsIn(
  file: string,
  {overlays = [], sets = []}: {overlays?: readonly string[]; sets?: readonly string[]} = {},
): Readonly<Record<string, JsonObject>> {
  const files = {file: `configs/${file}`, overlays: overlays.map((name) => `configs/${name}`), sets};
  const config = loadConfig({...files, kinds: stageKinds, environment: {}, folder: ROOT, edgeFaults});
  assert.ok(config.ok, JSON.stringify(config));
  return Object.fromEntries(config.value.stages.map(({id, params}) => [id, params]));
}

const ORIGIN = {name: 'origin', values: TRAIN_PRESETS.get('origin')!};

describe('the configurations for measuring', () => {
  it('train the same way on synthetic and on real images', () => {
    const {train} = paramsIn('bench-synthetic.yaml');
    const real = paramsIn('bench.yaml');
    assert.deepEqual(real['train-15000'], train);
    assert.deepEqual(real['train-4999'], {...train, images: null, last_batch: 'keep'});
  });

  it('draw as many synthetic images as the command does by itself', () => {
    const sets = syntheticSettings(15_000);
    assert.deepEqual(paramsIn('bench-synthetic.yaml', {sets}), paramsIn('bench-synthetic.yaml'));
  });

  it('are the origin’s with the overlay, as with its preset on the command line', () => {
    const sets = ['train-15000', 'train-4999'].flatMap((stage) => trainSettings(stage, {}, ORIGIN));
    const given = paramsIn('bench.yaml', {sets});
    assert.deepEqual(paramsIn('bench.yaml', {overlays: ['bench-origin.yaml']}), given);
    const {epochs, ...preset} = ORIGIN.values;
    assert.equal(epochs, 150);
    for (const [name, value] of Object.entries(preset)) {
      const got = given['train-4999']![name];
      assert.deepEqual(
        typeof value === 'object' ? {...(got as JsonObject), ...value} : got,
        typeof value === 'object' ? got : value,
      );
    }
    assert.equal(given['train-4999']!['epochs'], 1);
  });
});

describe('the number of synthetic images', () => {
  it('leaves enough for training, and some for the other two folds', () => {
    for (const images of [1, 8, 48, 1000, 15_000, 90_000]) {
      const [all, shares] = syntheticSettings(images).map((set) => JSON.parse(set.split('=')[1]!)) as [
        number,
        [number, number, number],
      ];
      assert.ok(shares[0] * all >= images + 12, `${images}`);
      assert.ok(shares[1] * all >= 8);
      assert.ok(Math.abs(shares[0] + shares[1] + shares[2] - 1) < 1e-9);
    }
  });
});
