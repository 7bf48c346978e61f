import type {DataCardFacts} from '../../../reports/card-facts.js';
import type {DataFacts} from '../../../reports/data-facts.js';
import type {ArtifactRef, ArtifactType} from '../../model/stage-kind.js';
import {countOf} from '../../model/words.js';
import {readMetadata} from '../dataset.js';
import {contentFacts} from '../report/content-facts.js';
import {dataFacts, imageFacts, readDataCard} from '../report/data-facts.js';
import {readBoxes} from '../report/read.js';
import {sampleFacts} from '../report/sample-facts.js';
import {splitFacts} from '../report/split-facts.js';
import {adjudicatedFacts, intakeFacts} from './intake-facts.js';

export type DataCardRequest = Readonly<{
  /** Null for the name of the data set. */
  title: string | null;
  /** Artifacts: the data set at least; folds, images and audit where they are. */
  needs: readonly ArtifactRef[];
  samples: Readonly<{count: number; seed: number}>;
}>;

/** Everything that a data card says, from artifacts. Reads files only. */
export function gatherDataCardFacts({title, needs, samples}: DataCardRequest): DataCardFacts {
  const need = (type: ArtifactType): ArtifactRef | null => needs.find((ref) => ref.type === type) ?? null;
  const [dataset, folds, array] = [need('dataset'), need('folds'), need('images')];
  if (dataset === null) throw new Error('Internal error: a data card without a data set');
  const data = dataFacts(dataset);
  const [rows, boxes] = [readMetadata(dataset), readBoxes(dataset)];
  const images = array === null ? null : imageFacts(array);
  const shown =
    array === null || images === null
      ? null
      : sampleFacts({images: array, size: images.size, rows, boxes, ...samples});
  return {
    schema: 'pipeline/data-card-facts/v1',
    title: title ?? titleOf(data),
    data,
    content: contentFacts({rows, boxes, coOccurrence: readDataCard(dataset).co_occurrence, samples: shown}),
    split: folds === null ? null : splitFacts({folds, audit: need('audit'), rows, evaluation: null}),
    images,
    intake: intakeFacts(dataset),
    adjudicated: adjudicatedFacts(dataset, rows),
    artifacts: needs.map(({stage, uses, type, output}) => ({stage, uses, type, output})),
  };
}

function titleOf({origin, images, atHand, whole}: DataFacts): string {
  if (origin === 'synthetic') return countOf(atHand, 'synthetic radiograph');
  if (origin === 'other')
    return atHand === 0 ? `Tables of ${countOf(images, 'radiograph')}` : countOf(atHand, 'radiograph');
  if (atHand === 0) return 'ChestX-ray14, tables only';
  if (whole !== null && atHand >= whole) return `ChestX-ray14, all ${countOf(atHand, 'radiograph')}`;
  return `${countOf(atHand, 'radiograph')} of ChestX-ray14`;
}
