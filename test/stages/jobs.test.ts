import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {z} from 'zod';
import {FINDINGS} from '../../pipeline/model/findings.js';
import type {JsonObject} from '../../pipeline/model/json.js';
import type {ArtifactType, Launch, StageContext, StageKind} from '../../pipeline/model/stage-kind.js';
import {predict} from '../../pipeline/stages/predict.js';
import {train} from '../../pipeline/stages/train.js';
import {TRAIN_PRESETS} from '../../pipeline/stages/train-presets.js';

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
    // As the resolved configuration writes it.
    assert.equal(train.params.parse({...LEAST, weights: null})['weights'], null);
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
        promises: ['best.pt', 'last.pt', 'latest.json', 'history.csv', 'steps.ndjson'],
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

  it('the Python side has the same parameters, no more and no fewer', () => {
    const python = ['params', 'recipe'].map((name) => readFileSync(`py/chexnet/training/${name}.py`, 'utf8'));
    const read = python.join('').matchAll(/fields\.(?:\w+)\(\s*"([a-z_]+)"/g);
    const names = (schema: unknown): readonly string[] => {
      if (schema === null || typeof schema !== 'object') return [];
      const {properties} = schema as {properties?: object};
      return [...Object.keys(properties ?? {}), ...Object.values(schema).flatMap(names)];
    };
    const kinds = [train.params, predict.params];
    const declared = new Set(kinds.flatMap((params) => names(z.toJSONSchema(params, {io: 'input'}))));
    assert.deepEqual(new Set([...read].map(([, name]) => name)), declared);
  });

  it('parameters that contradict each other are told at one of them', () => {
    const place = (params: JsonObject) => {
      const {error} = train.params.safeParse({...LEAST, ...params});
      return error?.issues.map(({path}) => path.join('.'));
    };
    assert.deepEqual(place({ranks: 2, accumulate: 3}), ['accumulate']);
    assert.deepEqual(place({loss: {name: 'sigmoid-cross-entropy'}}), ['loss']);
    assert.deepEqual(place({ten_crop: true}), ['ten_crop']);
    assert.deepEqual(place({best_by: 'last', early_stopping_epochs: 2}), ['early_stopping_epochs']);
  });

  it('the documentation names every parameter of train and every preset', () => {
    const text = readFileSync('docs/training.md', 'utf8');
    const names = [...Object.keys(train.params.parse(LEAST)), ...TRAIN_PRESETS.keys()];
    assert.deepEqual(
      names.filter((name) => !text.includes(`\`${name}\``)),
      [],
    );
  });

  it('every preset is complete and without contradiction', () => {
    for (const [preset, values] of TRAIN_PRESETS) {
      const {error} = train.params.safeParse({preset, ...values});
      assert.equal(error, undefined, preset);
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
