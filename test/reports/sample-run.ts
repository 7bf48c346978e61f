import type {EpochMetrics} from '../../pipeline/model/job-event.js';
import type {StageFacts, TrainingFacts} from '../../reports/facts.js';
import {digestOf} from './sample-evaluation.js';

/** Invented epochs that level off, the best one at three quarters. */
export function trainingOf(
  epochs: number,
  of: {batch: number; images: number; second: number},
): TrainingFacts {
  const best = Math.max(1, Math.round(epochs * 0.77));
  const rows = Array.from({length: epochs}, (_, index): EpochMetrics & {epoch: number} => {
    const done = (index + 1) / epochs;
    return {
      epoch: index + 1,
      train_loss: 0.12 + 0.075 * Math.exp(-3 * done),
      val_loss: 0.15 + 0.02 * Math.exp(-6 * done) + 0.006 * done,
      val_auroc_macro: 0.846 - 0.07 * Math.exp(-5 * done) - 0.006 * Math.max(0, done - 0.77),
      val_auroc_defined: 14,
      learning_rate: 1e-3 * (1 - done / 1.05),
      seconds: of.second + (index === 0 ? 2.1 : 0.4 * (index % 3)),
      train_seconds: of.second * 0.9,
      images_per_second: (of.images / of.second / 0.9) * (index === 0 ? 0.93 : 1 + 0.01 * (index % 3)),
      step_ms_p50: 71.2,
      step_ms_p95: 74.9,
      step_ms_max: 312.4,
      loader_stall_share: 0.017,
      peak_memory_bytes: 1.6e9,
      skipped_steps: null,
      is_best: index + 1 === best,
    };
  });
  return {
    network: 'DenseNet-121',
    loss: 'binary cross-entropy on logits, every label with the same weight',
    epochs: rows,
    device: {
      name: 'cpu',
      ranks: 2,
      description: '1 thread each',
      because: 'no accelerator was found',
      torch: '2.13.0+cpu',
    },
    images: null,
    startedFrom: null,
    resumedFromSteps: [],
    otherRanks: [],
    losses: {steps: 39, first: 0.41, last: 0.2, rise: -0.01, noise: 0.008},
    interruptions: [],
  };
}

/** Invented stages of a run, of which the first two were skipped. */
export function stagesOf(run: string, uses: readonly string[]): StageFacts[] {
  const seconds = [9.2, 0.3, 3.1, 31.4, 2.2, 0.9];
  const types = ['dataset', 'folds', 'images', 'model', 'predictions', 'evaluation'];
  return uses.map((name, index) => ({
    id: index === 0 ? 'dataset' : name,
    uses: name,
    action: index < 2 ? 'skip' : 'run',
    because:
      index < 2
        ? ['nothing it depends on has changed']
        : index === 3
          ? ['optimizer.lr 1e-4 → 1e-3 (-S train.optimizer.lr=1e-3)']
          : ['never run before'],
    artifact:
      name === 'report'
        ? null
        : {
            type: types[index]!,
            fingerprint: digestOf(`${name} fingerprint`),
            output: digestOf(`${name} output`),
            run: index < 2 ? 'early-finch' : run,
            finishedAt: `2026-03-03T14:0${index}:42.000Z`,
            seconds: seconds[index]!,
            attempt: 1,
            resumedFromAttempt: null,
            tainted: [],
            files: index === 0 ? 604 : 3,
            bytes: 1_400_000 * (index + 1),
          },
  }));
}
