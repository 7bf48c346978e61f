import assert from 'node:assert/strict';
import {join} from 'node:path';
import {describeOrigin, originOf} from '../../pipeline/config/describe.js';
import {missingFiles} from '../../pipeline/config/missing.js';
import {added, changed, GOOD, loadedConfig, only, printed, type Request, withLoaded} from './rig.js';

function stageOf(request: Request, id: string) {
  const stage = loadedConfig(request).stages.find((one) => one.id === id);
  assert.ok(stage, `no stage ${id}`);
  return stage;
}

const paramsOf = (request: Request, id = 'train') => stageOf(request, id).params;

describe('A configuration that can be used', () => {
  it('has its defaults filled in', () => {
    assert.deepEqual(paramsOf(only(GOOD)), {
      epochs: 3,
      deterministic: true,
      weights: 'none',
      augment: 'none',
      optimizer: {name: 'adam', lr: 1e-4},
    });
  });

  it('keeps the order of the stages', () => {
    assert.deepEqual(
      loadedConfig(only(GOOD)).stages.map(({id}) => id),
      ['data', 'split', 'preprocess', 'train'],
    );
  });

  it('reads numbers, words and dates as YAML 1.2 does', () => {
    const text = 'optimizer: {name: sgd, lr: 1e-3, momentum: .5}\n      weights: 2024-01-01\n';
    assert.deepEqual(paramsOf(added(`      ${text}`)), {
      epochs: 3,
      deterministic: true,
      weights: '2024-01-01',
      augment: 'none',
      optimizer: {name: 'sgd', lr: 0.001, momentum: 0.5},
    });
  });

  it('takes an alias for what it stands for, at the place where it is written', () => {
    const request = only(
      `${GOOD}      weights: &name none\n  again:\n    uses: train\n    params: {epochs: 1, weights: *name}\n`,
    );
    const stage = stageOf(request, 'again');
    assert.equal(stage.params['weights'], 'none');
    assert.equal(describeOrigin(originOf(stage, 'weights')), 'p.yaml:18');
  });

  it('may begin with a byte order mark and end its lines as Windows does', () => {
    const request = only(`\ufeff${GOOD.replaceAll('\n', '\r\n')}`);
    assert.equal(paramsOf(request)['epochs'], 3);
    assert.equal(describeOrigin(originOf(stageOf(request, 'train'), 'epochs')), 'p.yaml:14');
  });

  it('reads times in seconds, minutes and hours', () => {
    const timeout = (text: string) =>
      stageOf(changed('uses: train', `uses: train\n    timeout: ${text}`), 'train').timeoutMs;
    assert.deepEqual(
      ['90', '1.5', '90s', '15m', '2h', '1.5h'].map(timeout),
      [90_000, 1_500, 90_000, 900_000, 7_200_000, 5_400_000],
    );
    assert.equal(stageOf(only(GOOD), 'train').timeoutMs, null);
  });

  it('gives a stage the slots of its kind, and those that it names', () => {
    assert.deepEqual(stageOf(only(GOOD), 'train').slots, {device: 1});
    const request = changed('uses: train', 'uses: train\n    slots: {device: 2, disk: 1}');
    assert.deepEqual(stageOf(request, 'train').slots, {device: 2, disk: 1});
  });

  it('leaves an interpreter that is a command to be looked up, and makes a path absolute', () => {
    const python = (text: string) =>
      withLoaded(
        {files: {'configs/p.yaml': `python: ${text}\n${GOOD}`}, file: 'configs/p.yaml'},
        (loaded, folder) => (loaded.ok ? loaded.value.python?.replace(folder, 'FOLDER') : null),
      );
    assert.equal(python('python3.11'), 'python3.11');
    assert.equal(python('../venv/bin/python'), 'FOLDER/venv/bin/python');
  });

  it('does not ask for data unless it is told to, and then missingFiles() tells what is missing', () => {
    const request = only('pipeline: x\nstages:\n  a:\n    uses: acquire\n    params: {images: nope}\n');
    withLoaded(request, (loaded, folder) => {
      assert.ok(loaded.ok);
      assert.equal(
        printed(missingFiles(loaded.value), folder),
        `p.yaml:5:22: error: stages.a.params.images: there is no folder FOLDER/nope
  5 │     params: {images: nope}
    │                      ^^^^
  hint: get the images first
`,
      );
    });
  });
});

describe('The digest of a configuration', () => {
  const digest = (request: Request) => loadedConfig(request).digest;
  const good = digest(only(GOOD));

  it('is the same with other comments, quotes and order, in another folder', () => {
    const other = `# a comment
stages:
  data: {params: {images: 20, seed: 0}, uses: "synthesize"}
  train:
    params:
      epochs: 3 # epochs
    uses: train
  preprocess: {uses: preprocess}
  split: {uses: split}
pipeline: 'demo'
`;
    assert.equal(digest(only(other)), good);
    assert.equal(digest({files: {'deep/down/p.yaml': GOOD}, file: 'deep/down/p.yaml'}), good);
  });

  it('is another with another value, name, kind or slot', () => {
    const others = [
      changed('epochs: 3', 'epochs: 4'),
      changed('demo', 'demo2'),
      changed('uses: train', 'uses: train\n    slots: {device: 2}'),
      changed('uses: train', 'uses: train\n    retries: 1'),
      {...only(GOOD), sets: ['data.images=21']},
    ];
    assert.equal(new Set([good, ...others.map(digest)]).size, others.length + 1);
  });

  it('does not depend on where the data are, only on how they are named', () => {
    const text = 'pipeline: x\nstages:\n  a:\n    uses: acquire\n    params: {images: d}\n';
    assert.equal(digest(only(text)), digest({files: {'sub/p.yaml': text}, file: 'sub/p.yaml'}));
  });
});

describe('A path in a configuration', () => {
  const text = (path: string) =>
    `pipeline: x\nstages:\n  a:\n    uses: acquire\n    params: {images: ${path}}\n`;
  const imagesIn = (request: Request) =>
    withLoaded(request, (loaded, folder) => {
      assert.ok(loaded.ok);
      const [stage] = loaded.value.stages;
      assert.deepEqual(stage!.files, [{param: 'images', path: stage!.params['images']}]);
      return String(stage!.params['images']).replace(folder, 'FOLDER');
    });

  it('starts from the folder of its file', () => {
    assert.equal(
      imagesIn({files: {'configs/p.yaml': text('../data')}, file: 'configs/p.yaml'}),
      'FOLDER/data',
    );
  });

  it('starts from the folder of the overlay that gives it', () => {
    const files = {'configs/p.yaml': text('../data'), 'mine/o.yaml': 'stages: {a: {params: {images: here}}}'};
    assert.equal(imagesIn({files, file: 'configs/p.yaml', overlays: ['mine/o.yaml']}), 'FOLDER/mine/here');
  });

  it('starts from the current folder when -S gives it', () => {
    const request = {
      files: {'configs/p.yaml': text('../data')},
      file: 'configs/p.yaml',
      sets: ['a.images=here'],
    };
    assert.equal(imagesIn(request), 'FOLDER/here');
  });

  it('starts from the current folder when a variable gives its beginning, and from the file when a default does', () => {
    const request = {files: {'configs/p.yaml': text(`"\${env:IMAGES:-../data}"`)}, file: 'configs/p.yaml'};
    assert.equal(imagesIn({...request, environment: {IMAGES: 'here'}}), 'FOLDER/here');
    assert.equal(imagesIn(request), 'FOLDER/data');
    assert.equal(imagesIn({...request, environment: {IMAGES: '/mnt/nih'}}), '/mnt/nih');
    const longer = {
      files: {'configs/p.yaml': text(`"\${env:DATA:-../data}/images"`)},
      file: 'configs/p.yaml',
    };
    assert.equal(imagesIn({...longer, environment: {DATA: 'here'}}), 'FOLDER/here/images');
    assert.equal(imagesIn(longer), 'FOLDER/data/images');
  });

  it('may be one of a list: each is declared as it is written', () => {
    const config = text('.').replace('images: .', 'images: ., lists: [b.txt, a.txt]');
    withLoaded(only(config), (loaded, folder) => {
      assert.ok(loaded.ok);
      assert.deepEqual(loaded.value.stages[0]!.files, [
        {param: 'images', path: folder},
        {param: 'lists.b.txt', path: join(folder, 'b.txt')},
        {param: 'lists.a.txt', path: join(folder, 'a.txt')},
      ]);
    });
  });
});
