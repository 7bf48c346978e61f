import {z} from 'zod';
import type {TrainingFacts} from '../../../reports/facts.js';
import type {JsonObject} from '../../model/json.js';

const recipe = z.looseObject({
  backbone: z.string().default('densenet121'),
  loss: z
    .discriminatedUnion('name', [
      z.looseObject({
        name: z.literal('bce'),
        label_smoothing: z.number().default(0),
        positive_weight: z.union([z.string(), z.number()]).nullable().default(null),
      }),
      z.looseObject({
        name: z.literal('focal'),
        label_smoothing: z.number().default(0),
        gamma: z.number(),
        alpha: z.number().nullable().default(null),
      }),
      z.looseObject({
        name: z.literal('asymmetric'),
        label_smoothing: z.number().default(0),
        gamma_negative: z.number(),
        gamma_positive: z.number(),
        margin: z.number(),
      }),
      z.looseObject({name: z.literal('sigmoid-cross-entropy')}),
    ])
    .prefault({name: 'bce'}),
});

type Loss = z.output<typeof recipe>['loss'];

const NETWORKS: Readonly<Record<string, string>> = {
  densenet121: 'DenseNet-121',
  densenet169: 'DenseNet-169',
  densenet201: 'DenseNet-201',
  resnet50: 'ResNet-50',
};

/** @param params - Of the train stage. */
export function recipeWords(params: JsonObject): Pick<TrainingFacts, 'network' | 'loss'> {
  const {backbone, loss} = recipe.parse(params);
  const smoothing = 'label_smoothing' in loss ? loss.label_smoothing : 0;
  const smoothed = smoothing === 0 ? '' : `; labels drawn by ${smoothing} towards one half`;
  return {network: NETWORKS[backbone] ?? backbone, loss: `${lossWords(loss)}${smoothed}`};
}

function lossWords(loss: Loss): string {
  switch (loss.name) {
    case 'bce':
      return `binary cross-entropy on logits, ${weightWords(loss.positive_weight)}`;
    case 'focal': {
      const alpha = loss.alpha === null ? '' : `, alpha ${loss.alpha}`;
      return `focal loss on logits (Lin et al. 2017), gamma ${loss.gamma}${alpha}`;
    }
    case 'asymmetric':
      return (
        `asymmetric loss on logits (Ridnik et al. 2021), gamma ${loss.gamma_negative} for negative and ` +
        `${loss.gamma_positive} for positive labels, margin ${loss.margin}`
      );
    case 'sigmoid-cross-entropy':
      return 'softmax cross-entropy over sigmoid outputs, as the origin had it: images without a finding teach nothing';
  }
}

function weightWords(weight: string | number | null): string {
  if (weight === 'prevalence') return 'positive labels weighted by negatives per positive of each finding';
  if (typeof weight === 'number') return `positive labels weighted ${weight} times`;
  return 'every label with the same weight';
}
