import assert from 'node:assert/strict';
import {missingFiles} from '../../pipeline/config/missing.js';
import {drawGraph} from '../../pipeline/graph/draw.js';
import {select} from '../../pipeline/graph/select.js';
import type {StageId} from '../../pipeline/model/stage.js';
import {GATHERING} from '../config/kinds.js';
import {complaintsAboutEdges as complaintsAbout, edgesOf, graphOf as graphOfKinds} from './rig.js';

const graphOf = (stages: string) => graphOfKinds(stages, {kinds: GATHERING});
const complaintsAboutEdges = (stages: string) => complaintsAbout(stages, {kinds: GATHERING});

const DATA = `  data: {uses: synthesize}
  split: {uses: split}
  preprocess: {uses: preprocess}
`;
const TRAIN = `  train:
    uses: train
    matrix: {epochs: [1, 2]}
`;
const ONE = `${DATA}${TRAIN}  report: {uses: report}\n`;
const gather = (needs: string) => `  gather: {uses: exec, needs: [${needs}], params: {command: x}}\n`;

describe('A matrix in the graph', () => {
  it('makes a member of each combination, and of what takes one thing from it; what is shared stays single', () => {
    assert.deepEqual(edgesOf(graphOf(ONE)), [
      'data: ',
      'split: dataset from data',
      'preprocess: dataset from data',
      'train[epochs=1]: dataset from data, folds from split, images from preprocess',
      'train[epochs=2]: dataset from data, folds from split, images from preprocess',
      'report[epochs=1]: model from train[epochs=1], folds from split',
      'report[epochs=2]: model from train[epochs=2], folds from split',
    ]);
  });

  it('gives each member its parameters, where they were written, and its values in the order of their paths', () => {
    const graph = graphOf(`${DATA}  train:
    uses: train
    matrix:
      optimizer.lr: [1e-3, 3e-4]
      epochs: [5]
    params: {optimizer: {name: adam}}
`);
    const member = graph.get('train[epochs=5,optimizer.lr=3e-4]' as StageId)!;
    assert.deepEqual(member.member, {of: 'train', values: {epochs: 5, 'optimizer.lr': 3e-4}});
    assert.deepEqual(member.params['optimizer'], {name: 'adam', lr: 3e-4});
    const origin = member.origins.get('optimizer.lr');
    assert.deepEqual(
      origin?.kind === 'file' ? [origin.location.line, origin.location.column] : null,
      [9, 28],
    );
  });

  it('is taken whole by a stage that gathers, which stays one', () => {
    const graph = graphOf(`${ONE}  board: {uses: gather}\n`);
    assert.deepEqual(edgesOf(graph).at(-1), 'board: model from train[epochs=1], model from train[epochs=2]');
  });

  it('gives a stage that gathers also what stages without a matrix make', () => {
    const other = '  other: {uses: train, params: {epochs: 9}}\n';
    const graph = graphOf(`${DATA}${TRAIN}${other}  board: {uses: gather}\n`);
    assert.deepEqual(
      edgesOf(graph).at(-1),
      'board: model from train[epochs=1], model from train[epochs=2], model from other',
    );
  });

  it('gives one member to whom names it, and all else from what belongs to it', () => {
    const graph = graphOf(
      ONE.replace('{uses: report}', "{uses: report, needs: ['train[epochs=2.0]']}") + gather('report'),
    );
    assert.deepEqual(edgesOf(graph).slice(-2), [
      'report: model from train[epochs=2], folds from split',
      'gather: report from report',
    ]);
  });

  it('may be gathered by name', () => {
    const graph = graphOf(`${ONE}  board: {uses: gather, needs: ['train[epochs=2]']}\n`);
    assert.deepEqual(edgesOf(graph).at(-1), 'board: model from train[epochs=2]');
    const both = graphOf(ONE + gather("'train[epochs=2]', 'train[epochs=1]', split"));
    assert.deepEqual(
      edgesOf(both).at(-1),
      'gather: model from train[epochs=2], model from train[epochs=1], folds from split',
    );
  });

  it('makes a command one for each member that it takes', () => {
    assert.deepEqual(edgesOf(graphOf(ONE + gather("train, 'train[epochs=1]'"))).slice(-2), [
      'gather[epochs=1]: model from train[epochs=1]',
      'gather[epochs=2]: model from train[epochs=2], model from train[epochs=1]',
    ]);
  });

  it('meets another one: each combination takes from the members of the same values', () => {
    const graph = graphOf(
      ONE.replace('{uses: preprocess}', '{uses: preprocess, matrix: {size: [64, 128]}}').replace(
        'epochs: [1, 2]',
        'epochs: [1]',
      ),
    );
    assert.deepEqual(edgesOf(graph).slice(2), [
      'preprocess[size=64]: dataset from data',
      'preprocess[size=128]: dataset from data',
      'train[epochs=1,size=64]: dataset from data, folds from split, images from preprocess[size=64]',
      'train[epochs=1,size=128]: dataset from data, folds from split, images from preprocess[size=128]',
      'report[epochs=1,size=64]: model from train[epochs=1,size=64], folds from split',
      'report[epochs=1,size=128]: model from train[epochs=1,size=128], folds from split',
    ]);
  });

  it('misses the files of each of its members, and once what all of them lack', () => {
    const graph = graphOf(
      '  a: {uses: acquire, matrix: {metadata: [/no/1.csv, /no/2.csv]}, params: {images: /no/images}}\n',
    );
    assert.deepEqual(
      missingFiles({stages: graph.values()}).map(({message}) => message),
      [
        'images: there is no folder /no/images',
        'metadata: there is no file /no/1.csv',
        'metadata: there is no file /no/2.csv',
      ].map((what) => `stages.a.params.${what}`),
    );
  });

  it('is drawn by names that Mermaid reads, and gathered members as a number', () => {
    const text = ONE.replace('epochs: [1, 2]', `epochs: [1], weights: ['"<#', x]`);
    const graph = graphOf(`${text}  board: {uses: gather}\n`);
    assert.equal(
      drawGraph(graph, 'text').split('\n').at(-2),
      '      └─┴─●  board                            gather      ← 2 × train',
    );
    const lines = drawGraph(graph, 'mermaid')
      .split('\n')
      .filter((line) => line.includes('train'));
    assert.deepEqual(lines.slice(-2), [
      '  train_5b_epochs_3d_1_2c_weights_3d__22__5c__22__3c__23__22__5d_ -->|model| board',
      '  train_5b_epochs_3d_1_2c_weights_3d_x_5d_ -->|model| board',
    ]);
    assert.equal(
      lines[0]!.split('[').slice(1).join('['),
      '"train[epochs=1,weights=#34;\\#34;#60;#35;#34;]<br>(train)"]',
    );
  });
});

describe('A matrix that cannot be taken apart', () => {
  it('has no such member', () => {
    assert.equal(
      complaintsAboutEdges(`${ONE}  board: {uses: gather, needs: ['train[epochs=3]']}\n`),
      `p.yaml:10:33: error: stages.board.needs: there is no stage "train[epochs=3]"
  10 │   board: {uses: gather, needs: ['train[epochs=3]']}
     │                                 ^^^^^^^^^^^^^^^^^
  hint: did you mean "train[epochs=1]"?
`,
    );
  });

  it('is none, where a member of it is named', () => {
    assert.match(
      complaintsAboutEdges(`${ONE}  board: {uses: exec, needs: ['split[seed=0]'], params: {command: x}}\n`),
      /there is no stage "split\[seed=0\]"\n.*\n.*\n {2}hint: "split" is one stage, without a matrix\n/,
    );
  });

  it('varies a parameter of a name that another one varies already', () => {
    const twice = `  data: {uses: synthesize, matrix: {seed: [0, 1]}}
  split: {uses: split, matrix: {seed: [0]}}
  preprocess: {uses: preprocess}
`;
    assert.equal(
      complaintsAboutEdges(twice),
      `p.yaml:4:33: error: stages.split: data and split both vary seed, and a member has one name for it
  4 │   split: {uses: split, matrix: {seed: [0]}}
    │                                 ^^^^
  hint: take one of them: needs: ['data[seed=0]']
  p.yaml:3:37: "data" varies it here
  3 │   data: {uses: synthesize, matrix: {seed: [0, 1]}}
    │                                     ^^^^
`,
    );
  });

  it('makes more members than anybody means', () => {
    const list = (count: number) => [...Array(count).keys()].map((index) => 8 * (index + 1)).join(', ');
    assert.equal(
      complaintsAboutEdges(`  data: {uses: synthesize, matrix: {images: [${list(17)}]}}
  preprocess:
    uses: preprocess
    matrix: {size: [${list(16)}]}
`),
      `p.yaml:4:3: error: stages.preprocess: it makes 272 stages of one
  4 │   preprocess:
    │   ^^^^^^^^^^
  hint: at most 256 are allowed
`,
    );
  });

  it('is taken by members of other values', () => {
    const stages = `${DATA}  first: {uses: preprocess, needs: [data], matrix: {size: [8, 16]}}
  train: {uses: train, needs: ['first[size=8]'], params: {epochs: 1}}
`.replace('  preprocess: {uses: preprocess}\n', '');
    assert.match(edgesOf(graphOf(stages)).at(-1)!, /^train: images from first\[size=8\]/);
  });

  it('needs itself', () => {
    assert.match(
      complaintsAboutEdges(
        `${DATA}${TRAIN.replace('uses: train', "uses: train\n    needs: ['train[epochs=1]']")}`,
      ),
      /stages\.train\.needs: a stage cannot need itself/,
    );
  });
});

describe('Choosing members', () => {
  const graph = graphOf(
    ONE.replace('epochs: [1, 2]', 'epochs: [1, 2], optimizer.lr: [1e-3, 3e-4]').replace(
      'optimizer.lr: [1e-3, 3e-4]}',
      'optimizer.lr: [1e-3, 3e-4]}\n    params: {optimizer: {name: adam}}',
    ),
  );
  const choose = (names: readonly string[]) => {
    const chosen = select(graph, {stages: [], only: names, from: [], until: [], skip: []});
    return chosen.ok ? [...chosen.value] : chosen.error.map(({message, hint}) => `${message} (${hint})`);
  };

  it('is by the name of the stage, by the whole name, or by some of its values', () => {
    const all = ['epochs=1,optimizer.lr=0.001', 'epochs=1,optimizer.lr=3e-4', 'epochs=2,optimizer.lr=0.001'];
    assert.deepEqual(
      choose(['train']).slice(0, 3),
      all.map((values) => `train[${values}]`),
    );
    assert.deepEqual(choose([`train[${all[1]}]`]), [`train[${all[1]}]`]);
    assert.deepEqual(choose(['report[optimizer.lr=0.0003, epochs=1]']), [`report[${all[1]}]`]);
    assert.deepEqual(choose(['train[epochs=1]']), [`train[${all[0]}]`, `train[${all[1]}]`]);
  });

  it('offers the nearest name', () => {
    assert.deepEqual(
      choose(['tran', 'tran[epochs=1]', 'train[epoch=1,optimizer.lr=0.001]', 'split[seed=1]']),
      [
        '--only tran: there is no such stage (did you mean "train"?)',
        '--only tran[epochs=1]: there is no such stage (did you mean "train"?)',
        '--only train[epoch=1,optimizer.lr=0.001]: there is no such stage (did you mean "train[epochs=1,optimizer.lr=0.001]"?)',
        '--only split[seed=1]: there is no such stage ("split" has no members)',
      ],
    );
    assert.deepEqual(choose(['train[seed=4711]']), [
      '--only train[seed=4711]: there is no such stage (its members are called train[epochs=1,optimizer.lr=0.001] and so on)',
    ]);
  });
});
