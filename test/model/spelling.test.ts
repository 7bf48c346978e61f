import assert from 'node:assert/strict';
import {didYouMean, editDistance, nearest} from '../../pipeline/model/spelling.js';

describe('The distance of two words', () => {
  it('counts insertions, deletions, changes and swaps of neighbours', () => {
    const pairs = [
      ['', ''],
      ['', 'abc'],
      ['train', 'train'],
      ['train', 'trian'],
      ['train', 'rain'],
      ['train', 'trains'],
      ['train', 'brain'],
      ['kitten', 'sitting'],
      ['ca', 'abc'],
    ] as const;
    assert.deepEqual(
      pairs.map(([a, b]) => editDistance(a, b)),
      [0, 3, 0, 1, 1, 1, 1, 3, 3],
    );
  });
});

describe('The word that was meant', () => {
  const known = ['epochs', 'batch_size', 'optimizer', 'lr', 'seed'];

  it('is the nearest one', () => {
    assert.deepEqual(
      ['epoch', 'epohcs', 'optimiser', 'rl', 'sed'].map((word) => nearest(word, known)),
      ['epochs', 'epochs', 'optimizer', 'lr', 'seed'],
    );
  });

  it('may be written with capitals or another separator', () => {
    assert.deepEqual(
      ['batchSize', 'batch-size', 'BATCH_SIZE', 'LR'].map((word) => nearest(word, known)),
      ['batch_size', 'batch_size', 'batch_size', 'lr'],
    );
  });

  it('is not guessed when nothing is near', () => {
    assert.deepEqual(
      ['x', 'learning_rate', 'foo', ''].map((word) => nearest(word, known)),
      [null, null, null, null],
    );
    assert.equal(nearest('a', ['b']), null);
  });

  it('is offered as a question, or else all words are told', () => {
    assert.equal(didYouMean('epoch', known), 'did you mean "epochs"?');
    assert.equal(didYouMean('foo', known), 'known are epochs, batch_size, optimizer, lr, seed');
    assert.equal(didYouMean('foo', ['bar']), 'known: bar');
    assert.equal(didYouMean('foo', []), undefined);
  });
});
