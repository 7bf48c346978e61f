import type {JsonObject} from '../model/json.js';

/** Of the four that are published: plain fine-tuning at 224 pixels in ImageNet's scaling, the odd last batch included. */
const PUBLISHED = {
  input: {crop: 224, normalize: 'imagenet'},
  prior_bias: false,
  last_batch: 'keep',
} as const;

/**
 * Recipes that are known by name. docs/training.md says where each figure comes from and what differs from its source.
 * None names weights: those are a file, or come from a stage.
 */
export const TRAIN_PRESETS: ReadonlyMap<string, JsonObject> = new Map<string, JsonObject>([
  // Rajpurkar et al. 2017, arXiv 1711.05225, section 2.1. The paper does not say for how many epochs.
  [
    'chexnet-2017',
    {
      ...PUBLISHED,
      epochs: 20,
      batch_size: 16,
      augment: {flip: 0.5},
      optimizer: {name: 'adam', lr: 1e-3},
      schedule: {name: 'plateau', metric: 'val_loss', factor: 0.1, patience_epochs: 0},
      best_by: 'val_loss',
    },
  ],
  // github.com/zoogzog/chexnet, Main.py and ChexnetTrainer.py.
  [
    'zoogzog',
    {
      ...PUBLISHED,
      epochs: 100,
      batch_size: 16,
      augment: {flip: 0.5, resized_crop: 0.08},
      optimizer: {name: 'adam', lr: 1e-4, weight_decay: 1e-5},
      schedule: {name: 'plateau', metric: 'val_loss', factor: 0.1, patience_epochs: 5, threshold: 1e-4},
      best_by: 'val_loss',
    },
  ],
  // github.com/jrzech/reproduce-chexnet, model.py and its README.
  [
    'jrzech',
    {
      ...PUBLISHED,
      epochs: 100,
      batch_size: 16,
      augment: {flip: 0.5},
      optimizer: {name: 'sgd', lr: 0.01, momentum: 0.9, weight_decay: 1e-4},
      schedule: {name: 'plateau', metric: 'val_loss', factor: 0.1, patience_epochs: 0},
      best_by: 'val_loss',
      early_stopping_epochs: 3,
    },
  ],
  // github.com/lambert-x/medical_mae: 2.5e-4 per 256 images at 1,024, five of 75 epochs of warm-up. The augmentation is ours.
  [
    'strong-2023',
    {
      epochs: 75,
      batch_size: 1024,
      input: {crop: 224, normalize: 'xray'},
      augment: {flip: 0.5, resized_crop: 0.5, rotate: 10, brightness: 0.2, contrast: 0.2},
      optimizer: {name: 'adamw', lr: 1e-3, weight_decay: 0.05},
      schedule: {name: 'cosine', warmup: 0.0667},
    },
  ],
  // github.com/taneishi/CheXNet_ddp, main.py: four images per process.
  [
    'origin',
    {
      ...PUBLISHED,
      epochs: 150,
      batch_size: 4,
      augment: 'none',
      ten_crop: true,
      loss: {name: 'sigmoid-cross-entropy'},
      optimizer: {name: 'sgd', lr: 1e-4, momentum: 0.9},
      schedule: {name: 'constant'},
      best_by: 'last',
    },
  ],
]);
