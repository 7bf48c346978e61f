import {basename, dirname, join} from 'node:path';
import {z} from 'zod';
import type {TrainingFacts} from '../../../reports/facts.js';
import type {EpochMetrics, JobEvent} from '../../model/job-event.js';
import {endOfAttempt} from '../../model/rank-exits.js';
import type {ArtifactRef} from '../../model/stage-kind.js';
import {countOf} from '../../model/words.js';
import {readCsv} from '../csv.js';
import {lossTrendIn} from './loss-trend.js';
import {readJson, readJsonIfThere, readTextIfThere} from './read.js';
import {recipeWords} from './recipe-words.js';

const trained = z.object({
  id: z.string(),
  run: z.string(),
  summary: z.looseObject({
    device: z.string(),
    ranks: z.number(),
    train_images: z.number().optional(),
    val_images: z.number().optional(),
    images_not_at_hand: z.number().optional(),
  }),
});

type AttemptEvent = Extract<JobEvent, {type: 'device' | 'exited'}>;

/** @param runFolder - Of the run that is reported; the run that trained lies beside it, unless it was removed. */
export function trainingFacts(model: ArtifactRef, runFolder: string): TrainingFacts {
  const {id, run, summary} = readJson(join(model.path, 'stage.json'), trained);
  const attempts = attemptEvents(join(dirname(runFolder), run, 'events.ndjson'), id);
  const devices = attempts.flatMap((event) => (event.type === 'device' ? [event] : []));
  const last = devices.at(-1);
  return {
    ...recipeWords(model.params),
    epochs: readHistory(join(model.path, 'history.csv')),
    device: {
      name: summary.device,
      ranks: summary.ranks,
      description: last?.description ?? null,
      because: last?.because ?? null,
      torch: last?.torch ?? null,
    },
    images:
      summary.train_images === undefined
        ? null
        : {
            ...{train: summary.train_images, val: summary.val_images ?? 0},
            notAtHand: summary.images_not_at_hand ?? 0,
          },
    startedFrom: startedFrom(model),
    resumedFromSteps: devices.flatMap(({resumed_from_step: step}) => (step === null ? [] : [step])),
    ...{otherRanks: otherRanks(model), losses: lossTrendIn(model.path)},
    interruptions: attempts.flatMap((event) =>
      event.type === 'exited' && event.code !== 0 ? [endOfAttempt(event)] : [],
    ),
  };
}

const latest = z.looseObject({
  other_ranks: z
    .array(z.looseObject({after_step: z.number(), ranks_before: z.number(), ranks: z.number()}))
    .optional(),
  started_from: z.looseObject({file: z.string(), head: z.string()}).optional(),
});

/** As the training itself says it in its summary. */
function otherRanks(model: ArtifactRef): TrainingFacts['otherRanks'] {
  const changes = readJsonIfThere(join(model.path, 'latest.json'), latest)?.other_ranks ?? [];
  return changes.map(
    (change) =>
      `resumed on ${countOf(change.ranks, 'rank')} after ${countOf(change.ranks_before, 'rank')} from step ${change.after_step}`,
  );
}

/** Of a model that does not tell it, the parameter does: the name of the file, not the folder on this machine. */
function startedFrom(model: ArtifactRef): TrainingFacts['startedFrom'] {
  const told = readJsonIfThere(join(model.path, 'latest.json'), latest)?.started_from;
  if (told !== undefined) return {name: basename(told.file), knowsFindings: told.head !== 'new'};
  const {weights} = model.params;
  return typeof weights === 'string' && weights !== 'none'
    ? {name: basename(weights), knowsFindings: true}
    : null;
}

/** Two per attempt: what the training ran on and where it was taken up, and how it ended. */
function attemptEvents(events: string, stage: string): AttemptEvent[] {
  const lines = (readTextIfThere(events) ?? '').split('\n');
  return lines.flatMap((line): readonly AttemptEvent[] => {
    if (!line.includes('"device"') && !line.includes('"exited"')) return [];
    const {type, stage: of, event} = JSON.parse(line) as {type: string; stage?: string; event?: JobEvent};
    if (type !== 'job-event' || of !== stage || event === undefined) return [];
    if (event.type === 'device') return [event];
    // Journals of before told nothing of single ranks.
    return event.type === 'exited' ? [{...event, rank_exits: event.rank_exits ?? []}] : [];
  });
}

function readHistory(file: string): TrainingFacts['epochs'] {
  const table = readCsv(file);
  if (!table.ok) throw new Error(`Internal error: history.csv: ${table.error.message}`);
  const {header, rows} = table.value;
  return rows.map(({cells}) => {
    const cell = (name: keyof EpochMetrics | 'epoch'): string => cells[header.cells.indexOf(name)] ?? '';
    const number = (name: keyof EpochMetrics | 'epoch'): number => Number(cell(name));
    const optional = (name: keyof EpochMetrics): number | null =>
      cell(name) === '' ? null : Number(cell(name));
    return {
      epoch: number('epoch'),
      train_loss: optional('train_loss'),
      val_loss: optional('val_loss'),
      val_auroc_macro: optional('val_auroc_macro'),
      val_auroc_defined: number('val_auroc_defined'),
      learning_rate: number('learning_rate'),
      seconds: number('seconds'),
      train_seconds: number('train_seconds'),
      images_per_second: number('images_per_second'),
      step_ms_p50: number('step_ms_p50'),
      step_ms_p95: number('step_ms_p95'),
      step_ms_max: number('step_ms_max'),
      loader_stall_share: number('loader_stall_share'),
      peak_memory_bytes: optional('peak_memory_bytes'),
      skipped_steps: optional('skipped_steps'),
      is_best: cell('is_best') === 'true',
    };
  });
}
