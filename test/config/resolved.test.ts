import assert from 'node:assert/strict';
import {mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {PipelineConfig} from '../../pipeline/config/config.js';
import {resolvedYaml} from '../../pipeline/config/describe.js';
import {loadConfig} from '../../pipeline/config/load.js';
import {edgeFaults} from '../../pipeline/graph/build.js';
import {stageKinds} from '../../pipeline/stages/index.js';
import {ROOT} from '../rig.js';
import {printed} from './rig.js';

const SHIPPED = join(ROOT, 'configs');
/** Without them paths are relative: what is read again is the same, and its digest, which is of what is written, is not. */
const ENVIRONMENT = {NIH_DATA_DIR: '/data/nih', NIH_SAMPLE_DIR: '/data/sample'};
const texts = readdirSync(SHIPPED)
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => ({name, text: readFileSync(join(SHIPPED, name), 'utf8')}));
const isOverlay = ({text}: {text: string}): boolean => /^# Laid over /m.test(text);

type Load = Readonly<{file: string; overlays?: readonly string[]; sets?: readonly string[]; folder?: string}>;

function load({file, overlays = [], sets = [], folder = SHIPPED}: Load) {
  const kinds = stageKinds;
  return loadConfig({file, overlays, sets, kinds, environment: ENVIRONMENT, folder, edgeFaults});
}

/** Loads again what is printed of it, in a folder of its own. */
function loadedAgain(config: PipelineConfig, showOrigin: boolean): PipelineConfig {
  const folder = mkdtempSync(join(tmpdir(), 'pipeline-resolved-'));
  try {
    writeFileSync(join(folder, 'again.yaml'), resolvedYaml(config, {showOrigin}));
    const again = load({file: 'again.yaml', folder});
    if (!again.ok) assert.fail(printed(again.error, folder));
    return again.value;
  } finally {
    rmSync(folder, {recursive: true, force: true});
  }
}

/** What stages are made of, without where it was written. */
function valuesOf({stages}: PipelineConfig) {
  return stages.map(({id, kind, params, matrix, slots, retries, timeoutMs}) => {
    const members = matrix?.members.map(({values, params}) => ({values, params})) ?? null;
    return {id, uses: kind.uses, params, members, slots, retries, timeoutMs};
  });
}

function assertReloads(request: Load): void {
  const config = load(request);
  if (!config.ok) assert.fail(printed(config.error, SHIPPED));
  for (const showOrigin of [true, false]) {
    const again = loadedAgain(config.value, showOrigin);
    assert.deepEqual(valuesOf(again), valuesOf(config.value));
    assert.equal(again.digest, config.value.digest);
  }
}

describe('A configuration as it was resolved', () => {
  for (const {name} of texts.filter((one) => !isOverlay(one))) {
    it(`is read again as what it is: ${name}, alone and with every overlay that fits`, () => {
      assertReloads({file: name});
      for (const {name: overlay} of texts.filter(isOverlay))
        if (load({file: name, overlays: [overlay]}).ok) assertReloads({file: name, overlays: [overlay]});
    });
  }

  it('is tried with every overlay', () => {
    const bases = texts.filter((one) => !isOverlay(one));
    assert.deepEqual(
      texts
        .filter(isOverlay)
        .filter(({name}) => !bases.some((base) => load({file: base.name, overlays: [name]}).ok)),
      [],
    );
  });

  it('is read again where a list that is built in was named by its word', () => {
    for (const method of ['chexnet', 'official'])
      assertReloads({
        file: 'full.yaml',
        sets: [`split.method=${method}`, 'split.trained_on=chexnet', 'split.accept=[trained-on]'],
      });
  });
});
