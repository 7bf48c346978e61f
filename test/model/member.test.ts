import assert from 'node:assert/strict';
import {agree, baseOf, meantStage, memberId, parseMember, stagesNamed} from '../../pipeline/model/member.js';

describe('The name of a member', () => {
  it('has its values in the order of their paths, numbers as everywhere, texts in quotes where they need them', () => {
    const values = {
      seed: 1,
      'optimizer.lr': 3e-4,
      weights: '../a-b.pt',
      note: 'a, "b"]',
      one: '1',
      yes: 'true',
    };
    const id = memberId('train', values);
    assert.equal(
      id,
      'train[note="a, \\"b\\"]",one="1",optimizer.lr=3e-4,seed=1,weights=../a-b.pt,yes="true"]',
    );
    assert.equal(parseMember(id)?.values.get('note'), '"a, \\"b\\"]"');
    assert.equal(baseOf(id), 'train');
  });

  it('is read with spaces, in any order, and numbers in any way', () => {
    const ids = ['train[lr=0.001,seed=1]', 'train[lr=0.001,seed=2]'];
    assert.deepEqual(stagesNamed('train[ seed=2 , lr=1e-3 ]', ids), [ids[1]]);
    for (const name of ['train[]', 'train[seed]', 'train[seed=1', 'train[seed=1]x', '[seed=1]'])
      assert.deepEqual(stagesNamed(name, ids), [], name);
  });

  it('that means nobody is told the nearest, and what is no matrix as such', () => {
    const ids = ['split', 'train[seed=1]', 'train[seed=2]'];
    assert.equal(meantStage('trian', ids), 'did you mean "train"?');
    assert.equal(meantStage('train[sed=2]', ids), 'did you mean "train[seed=2]"?');
    assert.equal(meantStage('split[seed=1]', ids), '"split" has no members');
    assert.equal(meantStage('quite different', ids), 'known are split, train');
  });

  it('tells what belongs together', () => {
    assert.ok(agree('split', 'train[seed=1]'));
    assert.ok(agree('images[size=64]', 'train[seed=1,size=64]'));
    assert.ok(!agree('predict[seed=2]', 'train[seed=1]'));
    assert.ok(agree('board', 'train[seed=1]'));
  });
});
