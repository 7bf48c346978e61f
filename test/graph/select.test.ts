import assert from 'node:assert/strict';
import {type Selection, select} from '../../pipeline/graph/select.js';
import {printed} from '../config/rig.js';
import {CHAIN, graphOf} from './rig.js';

const NOTHING: Selection = {stages: [], only: [], from: [], until: [], skip: []};
const graph = graphOf(CHAIN);

function chosen(selection: Partial<Selection>): readonly string[] {
  const result = select(graph, {...NOTHING, ...selection});
  assert.ok(result.ok, result.ok ? '' : printed(result.error, '/'));
  return [...result.value];
}

function complaints(selection: Partial<Selection>): string {
  const result = select(graph, {...NOTHING, ...selection});
  return result.ok ? 'no complaints\n' : printed(result.error, '/');
}

const ALL = ['data', 'split', 'preprocess', 'train', 'report'];

describe('The selection of stages', () => {
  it('is all of them when nothing is said', () => {
    assert.deepEqual(chosen({}), ALL);
  });

  it('by name is a stage and what it needs', () => {
    assert.deepEqual(chosen({stages: ['split']}), ['data', 'split']);
    assert.deepEqual(chosen({until: ['preprocess']}), ['data', 'preprocess']);
    assert.deepEqual(chosen({stages: ['split'], until: ['preprocess']}), ['data', 'split', 'preprocess']);
  });

  it('with --only is exactly what is named', () => {
    assert.deepEqual(chosen({only: ['train', 'data']}), ['data', 'train']);
  });

  it('with --from is a stage and all that depends on it', () => {
    assert.deepEqual(chosen({from: ['preprocess']}), ['preprocess', 'train', 'report']);
  });

  it('with a beginning and an end is what lies between', () => {
    assert.deepEqual(chosen({from: ['preprocess'], until: ['train']}), ['preprocess', 'train']);
    assert.deepEqual(chosen({from: ['split'], stages: ['train']}), ['split', 'train']);
  });

  it('with --skip leaves out a stage and all that depends on it', () => {
    assert.deepEqual(chosen({skip: ['train']}), ['data', 'split', 'preprocess']);
    assert.deepEqual(chosen({until: ['report'], skip: ['report']}), ['data', 'split', 'preprocess', 'train']);
  });

  it('tells every name that there is not, with the option that named it', () => {
    assert.equal(
      complaints({stages: ['trian'], only: ['data'], skip: ['x', 'reprot']}),
      `error: trian: there is no such stage
  hint: did you mean "train"?

error: --skip x: there is no such stage
  hint: known are data, split, preprocess, train, report

error: --skip reprot: there is no such stage
  hint: did you mean "report"?

3 errors
`,
    );
  });

  it('of nothing is a mistake', () => {
    assert.equal(
      complaints({only: ['data'], skip: ['data']}),
      `error: no stage is left to run
  hint: what was chosen excludes one another
`,
    );
  });
});
