import {basename} from 'node:path';
import {type Diagnostic, fault} from '../../model/diagnostic.js';
import {err, ok, type Result} from '../../model/result.js';
import {countOf, formatCount, listWords} from '../../model/words.js';
import {type AuditCheck, notChecked} from '../audit/document.js';
import {readLists} from './lists.js';
import type {FoldRow} from './overlap.js';
import type {SplitParams} from './params.js';
import {publishedFolds} from './published.js';

const TITLE = 'Images of val or test in the training list of the weights';

/** Whether an image is in the list, and what the list is called. */
type TrainingList = Readonly<{has(image: string): boolean; name: string}>;

/**
 * Weights that have seen images of val or test make the scores look better than they are.
 * @param known - Whether the images are those of ChestX-ray14.
 * @returns The faults of a list that cannot be read, or that has nothing to do with these images.
 */
export function checkTrainedOn(
  rows: readonly FoldRow[],
  {given, known}: Readonly<{given: SplitParams['trained_on']; known: boolean}>,
): Result<AuditCheck, readonly Diagnostic[]> {
  if (given === undefined) {
    return ok(notChecked('trained-on', TITLE, 'trained_on names no training list of imported weights'));
  }
  const list = typeof given === 'string' ? readTrainingList(given, rows) : publishedList(known);
  if (!list.ok) return list;
  const {has, name} = list.value;
  const held = (['test', 'val'] as const).map((fold) => {
    const images = rows.filter((row) => row.fold === fold);
    return {fold, of: images.length, found: images.filter(({image}) => has(image))};
  });
  const count = held.reduce((sum, {found}) => sum + found.length, 0);
  const detail = held.map(
    ({fold, of, found}) => `${formatCount(found.length)} of ${formatCount(of)} ${fold} images`,
  );
  return ok({
    name: 'trained-on',
    title: TITLE,
    status: count === 0 ? 'passed' : 'failed',
    count,
    of: held.reduce((sum, {of}) => sum + of, 0),
    detail: `${listWords(detail)} are in ${name}`,
    examples: held.flatMap(({found}) => found.map(({image}) => image)).slice(0, 5),
  });
}

function publishedList(known: boolean): Result<TrainingList, readonly Diagnostic[]> {
  if (!known) {
    const message = 'the training list of CheXNet is of ChestX-ray14, and these images are not';
    return err([fault(message, null, 'leave trained_on out, or name another list')]);
  }
  const {foldOf} = publishedFolds('chexnet');
  return ok({has: (image) => foldOf(image) === 'train', name: 'the published training list of CheXNet'});
}

function readTrainingList(
  file: string,
  rows: readonly FoldRow[],
): Result<TrainingList, readonly Diagnostic[]> {
  const listed = readLists({trained_on: file});
  if (!listed.ok) return listed;
  const names = new Set(listed.value.map(({image}) => image));
  if (rows.some(({image}) => names.has(image))) {
    return ok({
      has: (image) => names.has(image),
      name: `${basename(file)}, a list of ${countOf(names.size, 'image')}`,
    });
  }
  const location = {file, line: 1, column: 1, length: 1};
  const message = `no image of this list of ${countOf(names.size, 'image')} is in a fold`;
  const hint =
    'images are matched by file name; if the weights were trained on other data, leave trained_on out';
  return err([fault(message, location, hint)]);
}
