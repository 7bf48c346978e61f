import assert from 'node:assert/strict';
import {resolvedYaml} from '../../pipeline/config/describe.js';
import {KINDS} from './kinds.js';
import {complaintsAbout, GOOD, loadedConfig, missingFor, only, type Request} from './rig.js';

/** The good configuration with a matrix on `train`, and these parameters. */
const withMatrix = (matrix: string, params = 'epochs: 3'): Request =>
  only(GOOD.replace('    params:\n      epochs: 3\n', `    matrix: ${matrix}\n    params: {${params}}\n`));
const trainOf = (request: Request) => loadedConfig(request).stages.find(({id}) => id === 'train')!;
const membersOf = (request: Request) => trainOf(request).matrix?.members ?? [];

describe('A matrix', () => {
  it('gives every combination, the last path varying fastest, each checked with its defaults', () => {
    const members = membersOf(
      withMatrix('{epochs: [1, 2], optimizer.name: [adam, sgd]}', 'optimizer: {lr: 1}'),
    );
    assert.deepEqual(
      members.map(({values}) => values),
      [
        {epochs: 1, 'optimizer.name': 'adam'},
        {epochs: 1, 'optimizer.name': 'sgd'},
        {epochs: 2, 'optimizer.name': 'adam'},
        {epochs: 2, 'optimizer.name': 'sgd'},
      ],
    );
    assert.deepEqual(members.map(({params}) => params['optimizer']).slice(0, 2), [
      {name: 'adam', lr: 1},
      {name: 'sgd', lr: 1, momentum: 0.9},
    ]);
  });

  it('takes any scalar, and paths from the folder of the file', () => {
    const request = withMatrix('{deterministic: [true, false]}');
    assert.deepEqual(
      membersOf(request).map(({params}) => params['deterministic']),
      [true, false],
    );
    const text =
      'pipeline: p\nstages:\n  a: {uses: acquire, matrix: {metadata: [null, t.csv]}, params: {images: .}}\n';
    const missing = missingFor({...only(text.replace('null, ', '')), file: 'p.yaml'});
    assert.match(missing, /stages\.a\.params\.metadata: there is no file FOLDER\/t\.csv/);
  });

  it('may be set and laid over: what is written later stands in the place of a parameter', () => {
    const values = (request: Request) => membersOf(request).map(({params}) => params['epochs']);
    assert.deepEqual(values({...only(GOOD), sets: ['stages.train.matrix.epochs=[4, 5]']}), [4, 5]);
    const files = {'p.yaml': GOOD, 'over.yaml': 'stages:\n  train:\n    matrix: {epochs: [6]}\n'};
    assert.deepEqual(values({files, overlays: ['over.yaml']}), [6]);
    const dotted = withMatrix('{optimizer.lr: [1, 2]}', 'epochs: 1, optimizer: {name: adam}');
    const set = {...dotted, sets: ['stages.train.matrix.optimizer.lr=[3]']};
    assert.deepEqual(
      membersOf(set).map(({values: {'optimizer.lr': lr}}) => lr),
      [3],
    );
  });

  it('is in the digest', () => {
    const digest = (matrix: string) => loadedConfig(withMatrix(matrix, '')).digest;
    assert.notEqual(digest('{epochs: [1, 2]}'), digest('{epochs: [1, 3]}'));
    assert.notEqual(digest('{epochs: [1, 2]}'), digest('{epochs: [1]}'));
  });

  it('is printed with what its members have in common, and makes the same ones again', () => {
    const config = loadedConfig(
      withMatrix('{optimizer.name: [adam, sgd], epochs: [1, 2]}', 'optimizer: {lr: 3e-4}'),
    );
    const text = resolvedYaml(config, {showOrigin: true});
    assert.equal(
      text.slice(text.indexOf('  train:')),
      `  train: # p.yaml:11
    uses: train
    matrix:
      optimizer.name: # p.yaml:13
        - adam
        - sgd
      epochs: # p.yaml:13
        - 1
        - 2
    params:
      deterministic: true # default
      weights: none # default
      augment: none # default
      optimizer: # p.yaml:14
        lr: 3e-4 # p.yaml:14
    slots:
      device: 1
`,
    );
    assert.equal(loadedConfig(only(text)).digest, config.digest);
  });
});

describe('A matrix is told', () => {
  it('a bad value, at its place in the list, with the first member that has it', () => {
    assert.equal(
      complaintsAbout(withMatrix('{epochs: [1, 0], deterministic: [true, false]}', '')),
      `p.yaml:13:26: error: stages.train[deterministic=true,epochs=0].params.epochs: must be 1 or more, found 0
  13 │     matrix: {epochs: [1, 0], deterministic: [true, false]}
     │                          ^
`,
    );
  });

  it('what is wrong with all members, once', () => {
    assert.equal(
      complaintsAbout(withMatrix('{epochs: [1, 2]}', 'weigths: x')),
      `p.yaml:14:14: error: unknown key "weigths" in stages.train.params
  14 │     params: {weigths: x}
     │              ^^^^^^^
  hint: did you mean "weights"?
`,
    );
  });

  it('a path that is none', () => {
    assert.equal(
      complaintsAbout(
        withMatrix('{epoch: [1], optimizer.rate: [1]}', 'epochs: 1, optimizer: {name: adam, lr: 1}'),
      ),
      `p.yaml:13:14: error: unknown key "epoch" in stages.train.params
  13 │     matrix: {epoch: [1], optimizer.rate: [1]}
     │              ^^^^^
  hint: did you mean "epochs"?

p.yaml:13:26: error: unknown key "rate" in stages.train.params.optimizer
  13 │     matrix: {epoch: [1], optimizer.rate: [1]}
     │                          ^^^^^^^^^^^^^^
  hint: known are name, lr

2 errors
`,
    );
  });

  it('a value twice, also in other words', () => {
    assert.equal(
      complaintsAbout(withMatrix('{epochs: [1, 2, 1.0]}', '')),
      `p.yaml:13:29: error: stages.train.matrix.epochs: 1 is listed twice
  13 │     matrix: {epochs: [1, 2, 1.0]}
     │                             ^^^
  p.yaml:13:23: first listed here
  13 │     matrix: {epochs: [1, 2, 1.0]}
     │                       ^
`,
    );
  });

  it('an empty list, no list, a list of lists, and nothing at all', () => {
    assert.equal(
      complaintsAbout(withMatrix('{epochs: [], weights: x, augment: [[1]]}', '')),
      `p.yaml:13:22: error: stages.train.matrix.epochs: needs at least 1 item, found an empty list
  13 │     matrix: {epochs: [], weights: x, augment: [[1]]}
     │                      ^^

p.yaml:13:35: error: stages.train.matrix.weights: expected a list, found "x"
  13 │     matrix: {epochs: [], weights: x, augment: [[1]]}
     │                                   ^
  hint: write a list: [x]

p.yaml:13:48: error: stages.train.matrix.augment.0: expected a number, text, true or false or null, found a list
  13 │     matrix: {epochs: [], weights: x, augment: [[1]]}
     │                                                ^^^

3 errors
`,
    );
    assert.match(complaintsAbout(withMatrix('{}')), /13:13: .*a matrix varies at least one parameter/);
    assert.match(
      complaintsAbout(withMatrix('{.x: [1]}')),
      /13:14: .*"\.x": a parameter is named by its path/,
    );
  });

  it('a parameter that is given as well', () => {
    assert.equal(
      complaintsAbout(withMatrix('{epochs: [1, 2], augment.flip: [0.5]}', 'epochs: 3, augment: none')),
      `p.yaml:13:14: error: stages.train.matrix varies epochs, and stages.train.params.epochs is given too
  13 │     matrix: {epochs: [1, 2], augment.flip: [0.5]}
     │              ^^^^^^
  hint: take one of them out
  p.yaml:14:22: given here
  14 │     params: {epochs: 3, augment: none}
     │                      ^

p.yaml:13:30: error: stages.train.matrix varies augment.flip, and stages.train.params.augment is given too
  13 │     matrix: {epochs: [1, 2], augment.flip: [0.5]}
     │                              ^^^^^^^^^^^^
  hint: take one of them out
  p.yaml:14:34: given here
  14 │     params: {epochs: 3, augment: none}
     │                                  ^^^^

2 errors
`,
    );
  });

  it('a parameter that was set over it', () => {
    assert.equal(
      complaintsAbout({...withMatrix('{epochs: [1, 2]}', ''), sets: ['train.epochs=3']}),
      `error: -S train.epochs=3: stages.train.matrix varies epochs, and stages.train.params.epochs is given too
  hint: change the list instead: -S 'stages.train.matrix.epochs=[…]'
`,
    );
  });

  it('a part of what varies already', () => {
    assert.equal(
      complaintsAbout(withMatrix('{augment: [none], augment.flip: [0.5]}')),
      `p.yaml:13:31: error: stages.train.matrix: augment.flip is a part of augment, which varies too
  13 │     matrix: {augment: [none], augment.flip: [0.5]}
     │                               ^^^^^^^^^^^^
`,
    );
  });

  it('a parameter that changes no result, wherever it was written', () => {
    const kinds = new Map([...KINDS, ['train', {...KINDS.get('train')!, speedOnly: ['deterministic']}]]);
    const request = {...withMatrix('{epochs: [1, 2], deterministic: [true, false]}', ''), kinds};
    const hint =
      '  hint: take it out of the matrix, and give it in params; measure speeds one by one, with `pipeline bench train`\n';
    assert.equal(
      complaintsAbout(request),
      `p.yaml:13:30: error: stages.train.matrix: deterministic changes no result, so its members would be one and the same
  13 │     matrix: {epochs: [1, 2], deterministic: [true, false]}
     │                              ^^^^^^^^^^^^^
${hint}`,
    );
    const argument = 'stages.train.matrix.deterministic=[true, false]';
    assert.equal(
      complaintsAbout({...only(GOOD), kinds, sets: [argument]}),
      `error: -S ${argument}: stages.train.matrix: deterministic changes no result, so its members would be one and the same
${hint}`,
    );
  });

  it('more members than anybody means', () => {
    const list = [...Array(17).keys()].map((index) => index + 1).join(',');
    assert.equal(
      complaintsAbout(withMatrix(`{epochs: [${list}], optimizer.lr: [${list}]}`, 'optimizer: {name: adam}')),
      `p.yaml:13:5: error: stages.train.matrix: it makes 289 stages of one
  13 │     matrix: {epochs: [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17], optimizer.lr: [1,2,3,4,5,6,7,8,9,1…
     │     ^^^^^^
  hint: at most 256 are allowed
`,
    );
  });

  it('together with what is wrong beside it', () => {
    const request = only(`${withMatrix('{epochs: []}').files['p.yaml']}    retries: x\n`);
    assert.match(complaintsAbout(request), /at least 1 item[\s\S]*retries: expected a whole number/);
  });
});
