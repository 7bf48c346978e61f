import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {z} from 'zod';
import type {Evaluation, FoldEvaluation} from '../../model/evaluation.js';
import type {Fold} from '../../model/findings.js';
import type {FoldScore, LeaderboardRow} from '../../model/leaderboard.js';
import type {ArtifactRef, ArtifactType} from '../../model/stage-kind.js';
import {readCsv} from '../csv.js';

/** A row before it is ranked, and what it was scored on. */
export type Entry = Readonly<{
  row: Omit<LeaderboardRow, 'rank' | 'unranked_because'>;
  scoredOn: ScoredOn | null;
}>;

/** Scores are only comparable where all of these are the same. */
export type ScoredOn = Readonly<{
  valImages: string | null;
  valLabels: string | null;
  testImages: string | null;
  testLabels: string | null;
  /** The release of the labels. */
  labels: string | null;
}>;

/** One entry for each evaluation of a model, and one for a model that nobody has scored. In the order of the models. */
export function gatherEntries(needs: readonly ArtifactRef[]): readonly Entry[] {
  const ofType = (type: ArtifactType) => needs.filter((need) => need.type === type);
  return ofType('model').flatMap((model): readonly Entry[] => {
    const predictions = ofType('predictions').filter((one) => takesFrom(one, model));
    const evaluations = ofType('evaluation').filter((one) =>
      predictions.some((from) => takesFrom(one, from)),
    );
    const training = trainingOf(model);
    const {stage, member} = model;
    const shared = {model: stage, values: member?.values ?? {}, ...training};
    if (evaluations.length === 0)
      return [{row: {...shared, evaluation: null, val: null, test: null}, scoredOn: null}];
    return evaluations.map((ref) => {
      const evaluation = readEvaluation(ref);
      const [val, test] = [foldOf(evaluation, 'val'), foldOf(evaluation, 'test')];
      const row = {...shared, evaluation: ref.stage, val: scoreOf(val), test: scoreOf(test)};
      return {row, scoredOn: scoredOn(evaluation, {val, test})};
    });
  });
}

function takesFrom(ref: ArtifactRef, {stage}: ArtifactRef): boolean {
  return ref.needs?.some((need) => need.stage === stage) ?? false;
}

/** Artifacts are verified before a stage reads them, and the evaluate stage has one shape. */
function readEvaluation({path}: ArtifactRef): Evaluation {
  return JSON.parse(readFileSync(join(path, 'evaluation.json'), 'utf8')) as Evaluation;
}

function foldOf({folds}: Evaluation, fold: Fold): FoldEvaluation | null {
  return folds.find((one) => one.fold === fold) ?? null;
}

function scoreOf(fold: FoldEvaluation | null): FoldScore | null {
  if (fold === null) return null;
  const {auroc, average_precision: averagePrecision} = fold.averages;
  return {
    images: fold.images,
    macro_auroc: auroc.macro,
    macro_average_precision: averagePrecision.macro,
  };
}

function scoredOn(
  {labels}: Evaluation,
  {val, test}: {val: FoldEvaluation | null; test: FoldEvaluation | null},
): ScoredOn {
  return {
    valImages: val?.digests.images ?? null,
    valLabels: val?.digests.labels ?? null,
    testImages: test?.digests.images ?? null,
    testLabels: test?.digests.labels ?? null,
    labels: labels?.state ?? null,
  };
}

const trained = z.object({summary: z.looseObject({device: z.string(), ranks: z.number()})});

function trainingOf({
  path,
}: ArtifactRef): Pick<
  LeaderboardRow,
  'best_epoch' | 'epochs' | 'train_loss' | 'seconds' | 'images_per_second' | 'device' | 'ranks'
> {
  const {device, ranks} = trained.parse(JSON.parse(readFileSync(join(path, 'stage.json'), 'utf8'))).summary;
  const epochs = readHistory(join(path, 'history.csv'));
  const best = epochs.findLast((epoch) => epoch['is_best'] === 'true');
  const sum = (of: (epoch: Readonly<Record<string, string>>) => number): number =>
    epochs.reduce((total, epoch) => total + of(epoch), 0);
  const trainSeconds = sum((epoch) => Number(epoch['train_seconds']));
  const images = sum((epoch) => Number(epoch['train_seconds']) * Number(epoch['images_per_second']));
  return {
    best_epoch: best === undefined ? null : Number(best['epoch']),
    epochs: epochs.length,
    // Empty where the loss was not finite.
    train_loss: best?.['train_loss'] ? Number(best['train_loss']) : null,
    seconds: Number(sum((epoch) => Number(epoch['seconds'])).toFixed(3)),
    images_per_second: trainSeconds > 0 ? Number((images / trainSeconds).toFixed(2)) : null,
    device,
    ranks,
  };
}

/** Cells by the names of their columns. */
function readHistory(file: string): readonly Readonly<Record<string, string>>[] {
  const table = readCsv(file);
  if (!table.ok) throw new Error(`Internal error: ${file}: ${table.error.message}`);
  const {header, rows} = table.value;
  return rows.map(({cells}) =>
    Object.fromEntries(header.cells.map((name, column) => [name, cells[column] ?? ''])),
  );
}
