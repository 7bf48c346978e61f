import {basename} from 'node:path';
import {type Diagnostic, fault} from '../../model/diagnostic.js';
import {err, ok, type Result} from '../../model/result.js';
import {countOf, formatCount, listWords} from '../../model/words.js';
import {type CheckOutcome, notChecked} from '../audit/document.js';
import type {ImageRow} from '../dataset.js';
import {patientInName} from '../image-name.js';
import {readLists} from './lists.js';
import type {FoldRow} from './overlap.js';
import type {SplitParams} from './params.js';
import {publishedFolds} from './published.js';

const TITLE = 'Images of val or test whose patients the weights were trained on';

/** Whether an image is in the list, and whether any image of a patient is. `name`: what the list is called. */
type TrainingList = Readonly<{has(image: string): boolean; hasPatient(row: FoldRow): boolean; name: string}>;

type Data = Readonly<{
  /** Of the data set, also those in no fold: they tell whose images the list names. */
  rows: readonly ImageRow[];
  /** Whether the images are those of ChestX-ray14. */
  known: boolean;
}>;

/**
 * Weights that have seen patients of val or test make the scores look better than they are, whether they have seen the
 * same images or others of these patients.
 * @returns The faults of a list that cannot be read, or that has nothing to do with these images.
 */
export function checkTrainedOn(
  members: readonly FoldRow[],
  {given, ...data}: Data & Readonly<{given: SplitParams['trained_on']}>,
): Result<CheckOutcome, readonly Diagnostic[]> {
  if (given === undefined) {
    return ok(notChecked('trained-on', TITLE, 'trained_on names no training list of imported weights'));
  }
  const list = typeof given === 'string' ? readTrainingList(given, data) : publishedList(data.known);
  if (!list.ok) return list;
  const held = (['test', 'val'] as const).map((fold) => seenIn(fold, members, list.value));
  const seen = held.flatMap(({ofSeenPatients}) => ofSeenPatients);
  const images = held.map(
    ({fold, of, listed}) => `${formatCount(listed)} of ${formatCount(of)} ${fold} images`,
  );
  const patients = held.map(
    ({fold, patients: {of, seen: count}}) => `${formatCount(count)} of ${formatCount(of)} ${fold} patients`,
  );
  return ok({
    name: 'trained-on',
    title: TITLE,
    status: seen.length === 0 ? 'passed' : 'failed',
    count: seen.length,
    of: held.reduce((sum, {of}) => sum + of, 0),
    detail: `${listWords(images)} are in ${list.value.name}; ${listWords(patients)} have images in it`,
    examples: seen.slice(0, 5).map(({image}) => image),
  });
}

function seenIn(fold: 'val' | 'test', members: readonly FoldRow[], {has, hasPatient}: TrainingList) {
  const images = members.filter((row) => row.fold === fold);
  const ofSeenPatients = images.filter((row) => has(row.image) || hasPatient(row));
  const people = (rows: readonly FoldRow[]): number => new Set(rows.map(({patient}) => patient)).size;
  return {
    fold,
    of: images.length,
    listed: images.filter(({image}) => has(image)).length,
    ofSeenPatients,
    patients: {of: people(images), seen: people(ofSeenPatients)},
  };
}

function publishedList(known: boolean): Result<TrainingList, readonly Diagnostic[]> {
  if (!known) {
    const message = 'the training list of CheXNet is of ChestX-ray14, and these images are not';
    return err([fault(message, null, 'leave trained_on out, or name another list')]);
  }
  const {foldOf} = publishedFolds('chexnet');
  const has = (image: string): boolean => foldOf(image) === 'train';
  // It is of whole patients.
  return ok({has, hasPatient: ({image}) => has(image), name: 'the published training list of CheXNet'});
}

function readTrainingList(file: string, {rows, known}: Data): Result<TrainingList, readonly Diagnostic[]> {
  const listed = readLists({trained_on: file});
  if (!listed.ok) return listed;
  const names = new Set(listed.value.map(({image}) => image));
  const patients = new Set(rows.flatMap(({image, patient}) => (names.has(image) ? [patient] : [])));
  // Names of ChestX-ray14 tell the patient, also of images that this data set does not have.
  const numbers = new Set(known ? [...names].map(patientInName) : []);
  numbers.delete(null);
  if (patients.size + numbers.size > 0) {
    return ok({
      has: (image) => names.has(image),
      hasPatient: ({image, patient}) => patients.has(patient) || numbers.has(patientInName(image)),
      name: `${basename(file)}, a list of ${countOf(names.size, 'image')}`,
    });
  }
  const location = {file, line: 1, column: 1, length: 1};
  const message = `no image of this list of ${countOf(names.size, 'image')} is in the data set`;
  const hint =
    'images are matched by file name; if the weights were trained on other data, leave trained_on out';
  return err([fault(message, location, hint)]);
}
