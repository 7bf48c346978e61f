import assert from 'node:assert/strict';
import {CHAIN, complaintsAboutEdges, edgesOf, graphOf} from './rig.js';

const run = (id: string, needs = '') => `  ${id}: {uses: exec, needs: [${needs}], params: {command: x}}\n`;

describe('The edges of a graph', () => {
  it('follow from what stages take and make', () => {
    assert.deepEqual(edgesOf(graphOf(CHAIN)), [
      'data: ',
      'split: dataset from data',
      'preprocess: dataset from data',
      'train: dataset from data, folds from split, images from preprocess',
      'report: model from train, folds from split',
    ]);
  });

  it('do not need what is optional', () => {
    assert.deepEqual(edgesOf(graphOf('  report: {uses: report}\n')), ['report: ']);
  });

  it('do not bring what is optional where needs are said to be none', () => {
    const graph = graphOf(CHAIN.replace('{uses: report}', '{uses: report, needs: []}'));
    assert.deepEqual(edgesOf(graph).at(-1), 'report: ');
  });

  it('may be named where two stages make the same; what is not named is found as before', () => {
    const graph = graphOf(
      `${CHAIN}  other: {uses: split, params: {seed: 2}}
`
        .replace('epochs: 1}', 'epochs: 1}, needs: [other]')
        .replace('{uses: report}', '{uses: report, needs: [split]}'),
    );
    assert.deepEqual(edgesOf(graph).slice(-2), [
      'train: folds from other, dataset from data, images from preprocess',
      'report: folds from split, model from train',
    ]);
  });

  it('of an exec stage are those that it names, of any type', () => {
    assert.deepEqual(edgesOf(graphOf(CHAIN + run('a') + run('b', 'train, data, a'))).slice(-2), [
      'a: ',
      'b: model from train, dataset from data, files from a',
    ]);
  });

  it('put the stages in an order in which each comes after its needs, else as they are written', () => {
    const graph = graphOf(run('e', 'c') + run('d') + run('c', 'b') + run('b', 'a') + run('a'));
    assert.deepEqual([...graph.keys()], ['d', 'a', 'b', 'c', 'e']);
  });
});

describe('An edge that cannot be drawn', () => {
  it('leads to a stage that there is not', () => {
    assert.equal(
      complaintsAboutEdges(run('first') + run('second', 'frist')),
      `p.yaml:4:32: error: stages.second.needs: there is no stage "frist"
  4 │   second: {uses: exec, needs: [frist], params: {command: x}}
    │                                ^^^^^
  hint: did you mean "first"?
`,
    );
  });

  it('leads to the stage itself', () => {
    assert.equal(
      complaintsAboutEdges(run('first', 'first')),
      `p.yaml:3:31: error: stages.first.needs: a stage cannot need itself
  3 │   first: {uses: exec, needs: [first], params: {command: x}}
    │                               ^^^^^
`,
    );
  });

  it('is named twice', () => {
    assert.equal(
      complaintsAboutEdges(run('a') + run('b', 'a, a')),
      `p.yaml:4:30: error: stages.b.needs: "a" is named twice
  4 │   b: {uses: exec, needs: [a, a], params: {command: x}}
    │                              ^
  p.yaml:4:27: first named here
  4 │   b: {uses: exec, needs: [a, a], params: {command: x}}
    │                           ^
`,
    );
  });

  it('closes a circle', () => {
    assert.equal(
      complaintsAboutEdges(run('a', 'c') + run('b', 'a') + run('c', 'b')),
      `p.yaml:3:27: error: stages need one another: a → c → b → a
  3 │   a: {uses: exec, needs: [c], params: {command: x}}
    │                           ^
  hint: take one of these names out of its needs
  p.yaml:5:27: "c" needs "b"
  5 │   c: {uses: exec, needs: [b], params: {command: x}}
    │                           ^
  p.yaml:4:27: "b" needs "a"
  4 │   b: {uses: exec, needs: [a], params: {command: x}}
    │                           ^
`,
    );
  });

  it('closes one of two circles: each is told once', () => {
    const told = complaintsAboutEdges(run('a', 'b') + run('b', 'a, c') + run('c', 'd') + run('d', 'c'));
    assert.deepEqual(told.match(/one another.*/g), ['one another: a → b → a', 'one another: c → d → c']);
  });

  it('would come from a type that no stage makes', () => {
    assert.equal(
      complaintsAboutEdges('  split: {uses: split}\n'),
      `p.yaml:3:3: error: stages.split takes dataset, and no stage makes it
  3 │   split: {uses: split}
    │   ^^^^^
  hint: add a stage that uses synthesize or acquire
`,
    );
  });

  it('could come from two stages', () => {
    assert.equal(
      complaintsAboutEdges('  a: {uses: synthesize}\n  b: {uses: synthesize}\n  split: {uses: split}\n'),
      `p.yaml:5:3: error: stages.split takes dataset, which "a" and "b" make
  5 │   split: {uses: split}
    │   ^^^^^
  hint: say which: needs: [a]
  p.yaml:3:3: "a" makes dataset
  3 │   a: {uses: synthesize}
    │   ^
  p.yaml:4:3: "b" makes dataset
  4 │   b: {uses: synthesize}
    │   ^
`,
    );
  });

  it('brings what the stage does not take', () => {
    assert.equal(
      complaintsAboutEdges(
        '  data: {uses: synthesize}\n  split: {uses: split, needs: [data, run]}\n  run: {uses: exec, params: {command: x}}\n',
      ),
      `p.yaml:4:38: error: stages.split.needs: split takes no files, which "run" makes
  4 │   split: {uses: split, needs: [data, run]}
    │                                      ^^^
  hint: split takes dataset
`,
    );
  });

  it('brings what another named one brings already', () => {
    assert.equal(
      complaintsAboutEdges(
        '  a: {uses: synthesize}\n  b: {uses: synthesize}\n  split: {uses: split, needs: [a, b]}\n',
      ),
      `p.yaml:5:35: error: stages.split.needs: both "a" and "b" make dataset
  5 │   split: {uses: split, needs: [a, b]}
    │                                   ^
  hint: name one of them
`,
    );
  });

  it('was named by a -S: then the stage is shown', () => {
    assert.equal(
      complaintsAboutEdges(run('a'), {sets: ['stages.a.needs=[b]']}),
      `p.yaml:3:3: error: stages.a.needs: there is no stage "b"
  3 │   a: {uses: exec, needs: [], params: {command: x}}
    │   ^
`,
    );
  });
});
