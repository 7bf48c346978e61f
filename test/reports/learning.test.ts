import assert from 'node:assert/strict';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {ClassEvaluation, Evaluation} from '../../pipeline/model/evaluation.js';
import {lossTrend, lossTrendIn} from '../../pipeline/stages/report/loss-trend.js';
import {findDoubts} from '../../reports/doubts/find.js';
import type {ReportFacts} from '../../reports/facts.js';
import {withBench} from '../stages/rig.js';
import {demoFacts} from './sample.js';

const DIVERGED = 'The training loss ended higher than it began.';
const RISING = 'The training loss rose over the last third of the steps.';
const BLIND = 'The scores do not depend on the image.';
const TURNED = 'Every finding is ranked worse than by chance.';
const RANKS = 'Training was resumed on another number of ranks.';
const LEFT_OUT = 'fp16 left out steps.';

describe('Doubts about what was learned', () => {
  it('are none where the loss fell and findings are ranked', () => {
    assert.deepEqual(doubts(demoFacts()), []);
    assert.deepEqual(doubts(withTraining({losses: null})), []);
  });

  it('name a loss that rises clearly at the end, and one that ends higher than it began', () => {
    const losses = (change: (step: number) => number) => {
      const noisy = Array.from({length: 90}, (_, step) => change(step) + 0.02 * Math.sin(7 * step));
      return withTraining({losses: lossTrend(noisy)});
    };
    assert.deepEqual(doubts(losses((step) => 0.7 - 0.005 * step)), []);
    assert.deepEqual(doubts(losses((step) => Math.max(0.3, 0.7 - 0.02 * step))), []);
    assert.deepEqual(doubts(losses((step) => (step < 60 ? 0.7 - 0.008 * step : 0.22 + 0.01 * (step - 60)))), [
      RISING,
    ]);
    assert.deepEqual(doubts(losses((step) => 0.3 + 0.001 * step)), [DIVERGED]);
    const found = findDoubts(losses((step) => 0.3 + 0.001 * step));
    const doubt = found.find(({short}) => short === DIVERGED);
    assert.equal(doubt?.severity, 'serious');
    assert.match(
      doubt.evidence,
      /^Mean loss 0\.30\d\d over the first tenth of 90 steps, 0\.38\d\d over the last\.$/,
    );
  });

  it('name scores that do not depend on the image: an AUROC of 0.5 for every finding', () => {
    assert.deepEqual(doubts(withAurocs(() => 0.5)), [BLIND]);
    assert.deepEqual(doubts(withAurocs((index) => (index === 0 ? 0.51 : 0.5))), []);
  });

  it('name findings that are all ranked worse than by chance: their order may be another', () => {
    assert.deepEqual(doubts(withAurocs((index) => 0.3 + 0.01 * index)), [TURNED]);
    assert.deepEqual(doubts(withAurocs((index) => (index === 3 ? 0.6 : 0.4))), []);
    assert.deepEqual(doubts(withAurocs((index) => (index === 3 ? 0.5 : 0.4))), []);
  });

  it('name another number of ranks after a resume, and steps that fp16 left out', () => {
    const otherRanks = ['resumed on 2 ranks after 1 rank from step 40'];
    assert.deepEqual(doubts(withTraining({otherRanks})), [RANKS]);
    const epochs = demoFacts().training.epochs.map((epoch) => ({...epoch, skipped_steps: 2}));
    assert.deepEqual(doubts(withTraining({epochs})), [LEFT_OUT]);
  });

  it('are read from the steps of the model', async () => {
    await withBench(async (bench) => {
      assert.equal(lossTrendIn(bench.folder), null);
      const write = (steps: number) =>
        writeFileSync(
          join(bench.folder, 'steps.ndjson'),
          Array.from(
            {length: steps},
            (_, step) => `${JSON.stringify({step: step + 1, loss: 1 - step / 100})}\n`,
          ).join(''),
        );
      write(29);
      assert.equal(lossTrendIn(bench.folder), null);
      write(60);
      const trend = lossTrendIn(bench.folder)!;
      assert.equal(trend.steps, 60);
      assert.ok(Math.abs(trend.first - 0.975) < 1e-12 && Math.abs(trend.last - 0.435) < 1e-12);
      assert.ok(Math.abs(trend.rise + 0.1) < 1e-12);
    });
  });
});

/** The short form of those that are about what was learned. */
function doubts(facts: ReportFacts): string[] {
  const mine = [DIVERGED, RISING, BLIND, TURNED, RANKS, LEFT_OUT];
  return findDoubts(facts)
    .map(({short}) => short)
    .filter((short) => mine.includes(short));
}

function withTraining(change: Partial<ReportFacts['training']>): ReportFacts {
  const facts = demoFacts();
  return {...facts, training: {...facts.training, ...change}};
}

/** On the validation fold. */
function withAurocs(aurocOf: (index: number) => number): ReportFacts {
  const facts = demoFacts();
  const changed = (one: ClassEvaluation, index: number): ClassEvaluation => ({
    ...one,
    auroc: {defined: true, value: aurocOf(index), low: null, high: null, resamples: 0},
  });
  const folds = facts.evaluation.folds.map((fold) =>
    fold.fold === 'val' ? {...fold, classes: fold.classes.map(changed)} : fold,
  );
  const evaluation: Evaluation = {...facts.evaluation, folds};
  return {...facts, evaluation};
}
