import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {FINDINGS} from '../../pipeline/model/findings.js';
import type {JsonObject} from '../../pipeline/model/json.js';
import type {ArtifactType, Launch, StageContext, StageKind} from '../../pipeline/model/stage-kind.js';
import {predict} from '../../pipeline/stages/predict.js';
import {train} from '../../pipeline/stages/train.js';

const LEAST: JsonObject = {epochs: 1, batch_size: 32, input: {crop: 64}, optimizer: {name: 'sgd', lr: 0.1}};

describe('stages of several ranks', () => {
  it('train leaves no parameter that decides the result to a default of ours, but the seed', () => {
    const {error} = train.params.safeParse({});
    const missing = error?.issues.map(({path}) => path.join('.')).sort();
    assert.deepEqual(missing, ['batch_size', 'epochs', 'input', 'optimizer']);
  });

  it('a batch that the ranks cannot share evenly is a fault at batch_size', () => {
    const {error} = train.params.safeParse({...LEAST, batch_size: 33, ranks: 2});
    assert.deepEqual(
      error?.issues.map(({path, message}) => [path, message]),
      [[['batch_size'], 'the batch size is over all ranks and must be a multiple of their number']],
    );
  });

  it('weights: none names no file', () => {
    assert.equal(train.params.parse({...LEAST, weights: 'none'})['weights'], null);
    assert.equal(train.params.parse({...LEAST, weights: 'imagenet.pth'})['weights'], 'imagenet.pth');
  });

  it('train is started by torchrun with the folders of its needs', () => {
    const launch = launchOf(train, train.params.parse({...LEAST, ranks: 2, threads: 3}));
    assert.deepEqual(
      {...launch, arguments: {...launch.arguments, params: 'checked elsewhere'}},
      {
        module: 'chexnet.training.train',
        ranks: 2,
        torchrun: true,
        environment: {OMP_NUM_THREADS: '3'},
        arguments: {
          params: 'checked elsewhere',
          weights: null,
          images: '/artifacts/images',
          folds: '/artifacts/folds',
          dataset: '/artifacts/dataset',
          out: '/out',
          resume: '/resume',
          findings: FINDINGS,
        },
      },
    );
  });

  it('predict of one rank needs no torchrun', () => {
    const launch = launchOf(predict, predict.params.parse({}));
    assert.equal(launch.torchrun, false);
    assert.equal(launch.arguments['model'], '/artifacts/model');
  });

  it('the Python side knows every parameter by the same name', () => {
    const python = readFileSync('py/chexnet/training/params.py', 'utf8');
    for (const params of [train.params.parse(LEAST), predict.params.parse({})]) {
      for (const name of Object.keys(params)) assert.ok(python.includes(`"${name}"`), name);
    }
  });
});

function launchOf(kind: StageKind, params: JsonObject): Launch {
  const artifact = (type: ArtifactType) => ({path: `/artifacts/${type}`});
  const context = {params, need: artifact, optionalNeed: () => null, out: '/out', resume: '/resume'};
  // Only what a launch may look at.
  return kind.work.kind === 'distributed'
    ? kind.work.launch(context as unknown as StageContext)
    : assert.fail(kind.work.kind);
}
