import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import type {ReportFacts} from '../../../reports/facts.js';
import type {Evaluation} from '../../model/evaluation.js';
import type {ArtifactRef, ArtifactType} from '../../model/stage-kind.js';
import {dataFacts, imageFacts, splitFacts} from './data-facts.js';
import {environmentFacts, resolvedConfig, settingFacts} from './run-folder.js';
import {readRunRecord, stageFacts} from './stage-facts.js';
import {trainingFacts} from './training-facts.js';

export type ReportRequest = Readonly<{
  /** Null for the name of the pipeline. */
  title: string | null;
  /** Artifacts of dataset, folds, images, model and evaluation at least. */
  needs: readonly ArtifactRef[];
  /** Absolute; its events.ndjson begins with `run-started`. */
  runFolder: string;
}>;

/** Everything that the report of a run says, from its artifacts and its folder. Reads files only. */
export function gatherReportFacts({title, needs, runFolder}: ReportRequest): ReportFacts {
  const need = (type: ArtifactType): ArtifactRef => {
    const found = needs.find((ref) => ref.type === type);
    if (found === undefined) throw new Error(`Internal error: a report without ${type}`);
    return found;
  };
  const record = readRunRecord(runFolder);
  const evaluation = JSON.parse(
    readFileSync(join(need('evaluation').path, 'evaluation.json'), 'utf8'),
  ) as Evaluation;
  const config = resolvedConfig(runFolder);
  return {
    schema: 'pipeline/report-facts/v1',
    title: title ?? record.pipeline,
    run: {
      name: record.run,
      pipeline: record.pipeline,
      message: record.message,
      startedAt: record.startedAt,
      argv: record.argv,
    },
    data: dataFacts(need('dataset')),
    split: splitFacts(need('folds'), evaluation),
    images: imageFacts(need('images')),
    training: trainingFacts(need('model'), runFolder),
    evaluation,
    stages: stageFacts(record, need('model')),
    settings: settingFacts(needs, config),
    config: {file: record.config.file, digest: record.config.digest, text: config},
    environment: environmentFacts(runFolder),
  };
}
