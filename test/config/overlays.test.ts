import assert from 'node:assert/strict';
import {describeOrigin, originOf, resolvedYaml} from '../../pipeline/config/describe.js';
import {added, changed, GOOD, loadedConfig, only, type Request, withLoaded} from './rig.js';

function train(request: Request) {
  const stage = loadedConfig(request).stages.find(({id}) => id === 'train');
  assert.ok(stage);
  return stage;
}

describe('What is laid over a configuration', () => {
  const overlay = (text: string): Request => ({
    files: {'p.yaml': GOOD, 'o.yaml': text},
    overlays: ['o.yaml'],
  });

  it('changes only what it names', () => {
    const {params} = train(overlay('stages: {train: {params: {weights: best.pt}}}'));
    assert.equal(params['weights'], 'best.pt');
    assert.equal(params['epochs'], 3);
  });

  it('replaces a list and a word as a whole', () => {
    const base = added('      augment: none\n  run:\n    uses: exec\n    params: {command: [a, b, c]}\n');
    const config = loadedConfig({
      files: {
        ...base.files,
        'o.yaml': 'stages: {train: {params: {augment: {flip: 0.5}}}, run: {params: {command: [z]}}}',
      },
      overlays: ['o.yaml'],
    });
    assert.deepEqual(
      config.stages
        .filter(({id}) => id === 'run' || id === 'train')
        .map(({params}) => params['command'] ?? params['augment']),
      [{flip: 0.5, shift: 0}, ['z']],
    );
  });

  it('may add a stage', () => {
    const config = loadedConfig(overlay('stages: {run: {uses: exec, params: {command: date}}}'));
    assert.equal(config.stages.at(-1)!.id, 'run');
  });

  it('counts in order: the later file wins, and -S wins over all files', () => {
    const files = {
      'p.yaml': GOOD,
      'a.yaml': 'stages: {train: {params: {epochs: 4}}}',
      'b.yaml': 'stages: {train: {params: {epochs: 5}}}',
    };
    const epochs = (overlays: readonly string[], sets: readonly string[] = []) =>
      train({files, overlays, sets}).params['epochs'];
    assert.deepEqual([epochs(['a.yaml', 'b.yaml']), epochs(['b.yaml', 'a.yaml'])], [5, 4]);
    assert.equal(epochs(['a.yaml'], ['train.epochs=6', 'train.epochs=7']), 7);
  });
});

describe('An argument -S', () => {
  const set = (...sets: readonly string[]) => train({...added(''), sets}).params;

  it('reads numbers, truth values and words as a file does', () => {
    assert.deepEqual(set('train.epochs=0x10')['epochs'], 16);
    assert.deepEqual(set('train.deterministic=false')['deterministic'], false);
    assert.deepEqual(set('train.weights=a: b # c')['weights'], 'a: b # c');
    assert.deepEqual(set('train.weights=x=y')['weights'], 'x=y');
  });

  it('reads quotes, lists and maps as a file does', () => {
    assert.deepEqual(set('train.weights="1.10"')['weights'], '1.10');
    assert.deepEqual(set('train.augment={flip: 0.5, shift: 3}')['augment'], {flip: 0.5, shift: 3});
  });

  it('makes the maps that its path goes through', () => {
    assert.deepEqual(set('train.augment.flip=0.5')['augment'], {flip: 0.5, shift: 0});
    assert.deepEqual(set('train.optimizer.name=sgd', 'train.optimizer.lr=1e-2')['optimizer'], {
      name: 'sgd',
      lr: 0.01,
      momentum: 0.9,
    });
  });

  it('changes an item of a list', () => {
    const request = {
      ...added('  run:\n    uses: exec\n    params: {command: [a, b]}\n'),
      sets: ['run.command.1=c'],
    };
    assert.deepEqual(loadedConfig(request).stages.at(-1)!.params['command'], ['a', 'c']);
  });

  it('reaches what stands beside the parameters by its full path, and the top-level keys by their names', () => {
    const config = loadedConfig({
      ...added(''),
      sets: ['stages.train.retries=2', 'pipeline=other', 'slots.gpu=2'],
    });
    assert.equal(config.stages.at(-1)!.retries, 2);
    assert.equal(config.name, 'other');
    assert.deepEqual(config.slots, {gpu: 2});
  });
});

describe('A reference to the environment', () => {
  const epochs = (text: string, environment: Record<string, string>) =>
    train({...changed('epochs: 3', `epochs: ${text}`), environment}).params['epochs'];
  const weights = (text: string, environment: Record<string, string>) =>
    train({...added(`      weights: ${text}\n`), environment}).params['weights'];

  it('is a number where it is written without quotes', () => {
    assert.equal(epochs(`\${env:EPOCHS}`, {EPOCHS: '7'}), 7);
    assert.equal(epochs(`\${env:EPOCHS:-5}`, {}), 5);
  });

  it('stays text inside quotes', () => {
    assert.equal(weights(`"\${env:W}"`, {W: '1.10'}), '1.10');
  });

  it('may stand inside a text, more than once', () => {
    assert.equal(weights(`\${env:A}/models/\${env:B:-none}.pt`, {A: '/mnt'}), '/mnt/models/none.pt');
  });

  it('leaves what a shell would fill in to the shell', () => {
    assert.equal(weights(`\${HOME}/$x`, {}), `\${HOME}/$x`);
  });

  it('may have an empty default', () => {
    assert.equal(train({...added(`      weights: "\${env:W:-}x"\n`)}).params['weights'], 'x');
  });
});

describe('The origin of a value', () => {
  const request: Request = {
    files: {
      'configs/p.yaml': `${GOOD}      weights: "\${env:W:-none}"\n      optimizer: {name: sgd,\n        lr: 1e-3}\n`,
      'o.yaml': 'stages:\n  train:\n    params:\n      augment: {flip: 0.5}\n',
    },
    file: 'configs/p.yaml',
    overlays: ['o.yaml'],
    sets: ['train.optimizer.momentum=0'],
  };

  it('is the line of the value, the variable, the argument or the default', () => {
    const stage = train(request);
    const origins = [
      'epochs',
      'weights',
      'augment.flip',
      'augment.shift',
      'optimizer.lr',
      'optimizer.momentum',
      'deterministic',
    ];
    assert.deepEqual(
      origins.map((path) => `${path}: ${describeOrigin(originOf(stage, path))}`),
      [
        'epochs: configs/p.yaml:14',
        'weights: W in configs/p.yaml:15',
        'augment.flip: o.yaml:4',
        'augment.shift: default',
        'optimizer.lr: configs/p.yaml:17',
        'optimizer.momentum: -S train.optimizer.momentum=0',
        'deterministic: default',
      ],
    );
  });

  it('of what lies below a default is the default', () => {
    const stage = train(only(GOOD));
    assert.equal(describeOrigin(originOf(stage, 'optimizer.lr')), 'default');
  });

  it('names a file outside the current folder by its whole path', () => {
    withLoaded(
      {
        files: {'p.yaml': GOOD, 'sub/o.yaml': 'stages: {train: {params: {epochs: 9}}}'},
        overlays: ['sub/../sub/o.yaml'],
      },
      (loaded) => {
        assert.ok(loaded.ok);
        const stage = loaded.value.stages.at(-1)!;
        assert.equal(describeOrigin(originOf(stage, 'epochs')), 'sub/o.yaml:1');
      },
    );
  });

  it('is written behind each value on request', () => {
    const yaml = resolvedYaml(loadedConfig(request), {showOrigin: true});
    assert.equal(
      yaml.slice(yaml.indexOf('  train:')),
      `  train: # configs/p.yaml:11
    uses: train
    params:
      epochs: 3 # configs/p.yaml:14
      deterministic: true # default
      weights: none # W in configs/p.yaml:15
      augment: # o.yaml:4
        flip: 0.5 # o.yaml:4
        shift: 0 # default
      optimizer: # configs/p.yaml:16
        name: sgd # configs/p.yaml:16
        lr: 0.001 # configs/p.yaml:17
        momentum: 0 # -S train.optimizer.momentum=0
    slots:
      device: 1
`,
    );
  });
});

describe('The resolved configuration', () => {
  it('is itself a configuration of the same digest', () => {
    const config = loadedConfig({
      ...changed('uses: train', 'uses: train\n    needs: [split]\n    timeout: 2m'),
      sets: ['train.optimizer={name: adam, lr: 3e-4}'],
    });
    const yaml = resolvedYaml(config, {showOrigin: false});
    assert.equal(loadedConfig(only(yaml)).digest, config.digest);
    assert.equal(
      yaml,
      `pipeline: demo
stages:
  data:
    uses: synthesize
    params:
      images: 20
      seed: 0
  split:
    uses: split
    params:
      method: seeded
      seed: 0
  preprocess:
    uses: preprocess
    params:
      size: 256
  train:
    uses: train
    needs:
      - split
    params:
      epochs: 3
      deterministic: true
      weights: none
      augment: none
      optimizer:
        name: adam
        lr: 3e-4
    slots:
      device: 1
    timeout: 120
`,
    );
  });
});
