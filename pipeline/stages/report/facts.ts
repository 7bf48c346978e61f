import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import type {ReportFacts} from '../../../reports/facts.js';
import type {Evaluation} from '../../model/evaluation.js';
import {agree} from '../../model/member.js';
import type {ArtifactRef, ArtifactType} from '../../model/stage-kind.js';
import {type ImageRow, readMetadata} from '../dataset.js';
import {contentFacts} from './content-facts.js';
import {dataFacts, imageFacts, readDataCard} from './data-facts.js';
import {readBoxes} from './read.js';
import {environmentFacts, resolvedConfig, settingFacts} from './run-folder.js';
import {sampleFacts} from './sample-facts.js';
import {splitFacts} from './split-facts.js';
import {readRunRecord, stageFacts} from './stage-facts.js';
import {trainingFacts} from './training-facts.js';

export type ReportRequest = Readonly<{
  /** Null for the name of the pipeline. */
  title: string | null;
  /** Behind the title: which member of a matrix the report is about, such as `[seed=1]`. */
  member?: string;
  /** Artifacts of dataset, folds, images, model and evaluation at least. */
  needs: readonly ArtifactRef[];
  /** Absolute; its events.ndjson begins with `run-started`. */
  runFolder: string;
}>;

/** Everything that the report of a run says, from its artifacts and its folder. Reads files only. */
export function gatherReportFacts({title, member = '', needs, runFolder}: ReportRequest): ReportFacts {
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
  const rows = readMetadata(need('dataset'));
  return {
    schema: 'pipeline/report-facts/v1',
    title: `${title ?? record.pipeline}${member === '' ? '' : ` ${member}`}`,
    run: {
      name: record.run,
      pipeline: record.pipeline,
      message: record.message,
      startedAt: record.startedAt,
      argv: record.argv,
    },
    data: dataFacts(need('dataset')),
    content: content({dataset: need('dataset'), images: need('images'), rows}),
    split: splitFacts({
      folds: need('folds'),
      audit: needs.find((ref) => ref.type === 'audit') ?? null,
      rows,
      evaluation,
    }),
    images: imageFacts(need('images')),
    training: trainingFacts(need('model'), runFolder),
    evaluation,
    // Of a matrix, the stages of other members are nothing to this one.
    stages: stageFacts(record, need('model')).filter(({id}) => agree(id, need('model').stage)),
    settings: settingFacts(needs, config),
    config: {file: record.config.file, digest: record.config.digest, text: config},
    environment: environmentFacts(runFolder),
  };
}

/** A data card shows more; here a few are enough to see what was learnt from. */
const SAMPLES = {count: 8, seed: 0};

function content(of: {
  dataset: ArtifactRef;
  images: ArtifactRef;
  rows: readonly ImageRow[];
}): ReportFacts['content'] {
  const {dataset, images, rows} = of;
  const boxes = readBoxes(dataset);
  const {co_occurrence: coOccurrence} = readDataCard(dataset);
  const {size} = imageFacts(images);
  return contentFacts({
    rows,
    boxes,
    coOccurrence,
    samples: sampleFacts({images, size, rows, boxes, ...SAMPLES}),
  });
}
