import assert from 'node:assert/strict';
import type {JsonObject} from '../../pipeline/model/json.js';
import {stageKinds} from '../../pipeline/stages/index.js';
import {recipeWords} from '../../pipeline/stages/report/recipe-words.js';

const LEAST = {epochs: 1, batch_size: 8, input: {crop: 64}, optimizer: {name: 'sgd', lr: 0.1}};

/** As a configuration that says only this is resolved. */
const resolved = (written: JsonObject): JsonObject =>
  stageKinds.get('train')!.params.parse({...LEAST, ...written});

describe('the recipe in words', () => {
  it('names the network and the loss that were trained', () => {
    const words = [
      {},
      {backbone: 'resnet50', loss: {name: 'bce', positive_weight: 'prevalence', label_smoothing: 0.1}},
      {loss: {name: 'bce', positive_weight: 3}},
      {loss: {name: 'focal', alpha: 0.25}},
      {backbone: 'densenet201', loss: {name: 'asymmetric'}},
    ].map((written) => recipeWords(resolved(written)));
    assert.deepEqual(words, [
      {network: 'DenseNet-121', loss: 'binary cross-entropy on logits, every label with the same weight'},
      {
        network: 'ResNet-50',
        loss: 'binary cross-entropy on logits, positive labels weighted by negatives per positive of each finding; labels drawn by 0.1 towards one half',
      },
      {network: 'DenseNet-121', loss: 'binary cross-entropy on logits, positive labels weighted 3 times'},
      {network: 'DenseNet-121', loss: 'focal loss on logits (Lin et al. 2017), gamma 2, alpha 0.25'},
      {
        network: 'DenseNet-201',
        loss: 'asymmetric loss on logits (Ridnik et al. 2021), gamma 4 for negative and 0 for positive labels, margin 0.05',
      },
    ]);
  });

  it('knows every network and every loss that a training can have', () => {
    const schema = stageKinds.get('train')!.params;
    for (const backbone of ['densenet121', 'densenet169', 'densenet201', 'resnet50']) {
      assert.match(recipeWords(resolved({backbone})).network, /^(DenseNet|ResNet)-\d+$/);
    }
    assert.equal(schema.safeParse({...LEAST, backbone: 'vgg16'}).success, false);
    const origin = schema.parse({...LEAST, preset: 'origin', loss: {name: 'sigmoid-cross-entropy'}});
    assert.match(recipeWords(origin).loss, /^softmax cross-entropy over sigmoid outputs/);
  });
});
