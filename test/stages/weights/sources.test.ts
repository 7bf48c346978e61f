import assert from 'node:assert/strict';
import {homedir} from 'node:os';
import {join} from 'node:path';
import type {PipelineConfig} from '../../../pipeline/config/config.js';
import {loadConfig} from '../../../pipeline/config/load.js';
import {missingFiles} from '../../../pipeline/config/missing.js';
import {buildGraph} from '../../../pipeline/graph/build.js';
import type {StageId} from '../../../pipeline/model/identity.js';
import type {StageContext} from '../../../pipeline/model/stage-kind.js';
import {stageKinds} from '../../../pipeline/stages/index.js';
import {inTorchCache} from '../../../pipeline/stages/torch-cache.js';
import {train} from '../../../pipeline/stages/train.js';
import {type Project, withProject} from '../../rig.js';
import {spelledOut} from '../rig.js';

const TRAIN = 'epochs: 1, batch_size: 8, input: {crop: 64}, optimizer: {name: sgd, lr: 0.1}';
const FILE = 'densenet121-a639ec97.pth';
const FETCHED = `  start: {uses: weights, params: {url: "https://a.example/x.pth", sha256: ${'ab'.repeat(32)}}}`;

function load(project: Project, weights: string, {more = '', home = project.folder} = {}): PipelineConfig {
  project.write(
    'p.yaml',
    `pipeline: p
stages:
  data: {uses: synthesize, params: {images: 20}}
  split: {uses: split, params: {method: seeded}}
  images: {uses: preprocess, params: {size: 64}}
${more}
  train: {uses: train, params: {weights: ${weights}, ${TRAIN}}}
`,
  );
  const request = {file: 'p.yaml', overlays: [], sets: [], kinds: stageKinds, edgeFaults: () => []};
  const config = loadConfig({...request, environment: {TORCH_HOME: home}, folder: project.folder});
  if (!config.ok) throw new Error(spelledOut(config.error).join('\n'));
  return config.value;
}

function trainIn(config: PipelineConfig) {
  return config.stages.find(({id}) => id === 'train')!;
}

describe('what a training starts from', () => {
  it('imagenet is the file in the cache of torch, and its content counts like that of any other file', () =>
    withProject(async (project) => {
      const path = project.write(`hub/checkpoints/${FILE}`, 'tensors');
      const config = load(project, 'imagenet');
      assert.deepEqual(trainIn(config).files, [{param: 'weights', path}]);
      assert.equal(trainIn(config).params['weights'], path);
      assert.deepEqual(missingFiles(config), []);
    }));

  it('the place of the cache leaves the configuration what it is', () =>
    withProject(async (project) => {
      const [one, other] = ['/a', '/b'].map((home) => load(project, 'imagenet', {home}));
      assert.equal(one!.digest, other!.digest);
    }));

  it('a file that is named imagenet is written as a path', () =>
    withProject(async (project) => {
      assert.deepEqual(trainIn(load(project, './imagenet')).files, [
        {param: 'weights', path: join(project.folder, 'imagenet')},
      ]);
    }));

  it('without the file the ways are told', () =>
    withProject(async (project) => {
      const told = spelledOut(missingFiles(load(project, 'imagenet')));
      assert.equal(told.length, 1);
      assert.match(
        told[0]!,
        /train\.params\.weights: there is no file \S+\/hub\/checkpoints\/densenet121-a639ec97\.pth/,
      );
      for (const way of ['name a file', 'weights: imagenet', 'url and sha256', 'weights: none'])
        assert.ok(told[0]!.includes(way), way);
    }));

  it('none needs no file', () =>
    withProject(async (project) => {
      assert.deepEqual(trainIn(load(project, 'none')).files, []);
    }));

  it('a stage that fetches weights is taken without being named', () =>
    withProject(async (project) => {
      const graph = buildGraph(load(project, 'none', {more: FETCHED}));
      assert.ok(graph.ok);
      const needs = graph.value.get('train' as StageId)!.needs;
      assert.ok(needs.some(({stage, type}) => stage === 'start' && type === 'weights'));
    }));

  it('the job gets its file', () => {
    const launch = (fetched: {path: string} | null) => {
      const params = train.params.parse({
        ...{epochs: 1, batch_size: 8, input: {crop: 64}, optimizer: {name: 'sgd', lr: 0.1}},
      });
      const need = (type: string) => ({path: `/artifacts/${type}`});
      const context = {params, need, optionalNeed: () => fetched, out: '/out', resume: '/resume'};
      assert.equal(train.work.kind, 'distributed');
      return train.work.kind === 'distributed' ? train.work.launch(context as unknown as StageContext) : null;
    };
    assert.equal(launch(null)?.arguments['weights'], null);
    assert.equal(
      launch({path: '/artifacts/weights'})?.arguments['weights'],
      '/artifacts/weights/weights.pth',
    );
  });

  it('the cache is where torch has it', () => {
    const of = (environment: Record<string, string>): string =>
      inTorchCache(environment, {backbone: 'densenet121'});
    const tail = join('hub', 'checkpoints', FILE);
    assert.equal(of({TORCH_HOME: '/t', XDG_CACHE_HOME: '/x', HOME: '/h'}), join('/t', tail));
    assert.equal(of({XDG_CACHE_HOME: '/x', HOME: '/h'}), join('/x/torch', tail));
    assert.equal(of({TORCH_HOME: '~/t', HOME: '/h'}), join('/h/t', tail));
    assert.equal(of({HOME: '/h'}), join('/h/.cache/torch', tail));
    assert.equal(of({}), join(homedir(), '.cache/torch', tail));
    const other = inTorchCache({TORCH_HOME: '/t'}, {backbone: 'resnet50'});
    assert.equal(other, '/t/hub/checkpoints/resnet50-11ad3fa6.pth');
  });
});
