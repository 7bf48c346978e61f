import {readFileSync} from 'node:fs';
import type {Finding} from '../../model/findings.js';
import type {ArtifactRef} from '../../model/stage-kind.js';
import {readLabelState} from '../data-card.js';
import type {ImageRow} from '../dataset.js';

/**
 * The labels of the first release of 2017 (state A, those of the CheXNet lists), from the labels of a later one: the
 * publisher has only added findings since, 188 to 181 images. This file runs from dist/pipeline/stages/split.
 * @returns The findings of each row, in their order.
 */
export function firstLabels(rows: readonly ImageRow[]): readonly (readonly Finding[])[] {
  const file = new URL('../../../../pipeline/stages/split/published/added-labels.txt', import.meta.url);
  const lines = readFileSync(file, 'utf8').split('\n');
  const added = new Set(lines.filter((line) => line !== '' && !line.startsWith('#')));
  return rows.map(({image, findings}) => {
    const kept = findings.filter((finding) => !added.has(`${image} ${finding}`));
    return kept.length === findings.length ? findings : kept;
  });
}

/** Whether the labels of a data set are, by their counts, those of one of the three published releases. */
export function haveKnownLabels(dataset: ArtifactRef): boolean {
  return ['A', 'B', 'C'].includes(readLabelState(dataset).state);
}
