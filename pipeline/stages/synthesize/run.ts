import {mkdirSync} from 'node:fs';
import {join} from 'node:path';
import {ok} from '../../model/result.js';
import type {StageContext, StageResult} from '../../model/stage-kind.js';
import {countTogether, describeBoxes, describeFiles, describeImages, writeDataCard} from '../data-card.js';
import {ARTIFACT, type ImageFile, type ImagePlace, writeDataset} from '../dataset.js';
import {createPace} from '../pace.js';
import {runOnWorkers} from '../worker-pool.js';
import {type PlannedImage, planCohort} from './cohort.js';
import type {SynthesizeParams} from './params.js';
import {writePublishedFiles} from './published-files.js';
import type {SynthesizeData, SynthesizeDone, SynthesizeTask} from './worker.js';

/** One image in so many is RGBA, as in the published data set. */
const RGBA_EVERY = 103;

/** @returns How many images, patients and boxes were drawn. */
export async function runSynthesize(context: StageContext): Promise<StageResult> {
  const {images, seed, size} = context.params as SynthesizeParams;
  const cohort = planCohort({images, seed});
  mkdirSync(join(context.out, 'images'));
  const drawn = await drawAll(context, cohort, size);
  const rows = cohort.map(({row}) => row);
  const boxes = drawn.flatMap((image) => image.boxes);
  const inventory = drawn.map((image, index): ImageFile & ImagePlace => {
    const {row} = cohort[index]!;
    const mode = isRgba(index) ? 'RGBA' : 'L';
    const {sha256, bytes} = image;
    const file = {image: row.image, sha256, bytes, width: size, height: size, mode};
    return {...file, root: ARTIFACT, archive: '', path: `images/${row.image}`};
  });
  writeDataset(context.out, {rows, boxes, inventory});
  writePublishedFiles(context.out, {rows, boxes});
  const described = describeImages(rows);
  writeDataCard(context.out, {
    source: {kind: 'synthesize', seed, size},
    of: images,
    labels: {state: 'synthetic', because: 'the labels are what was drawn'},
    ...described,
    co_occurrence: countTogether(rows),
    images_at_hand: images,
    verification: {missing: 0, extra: 0, unreadable: 0, duplicate_groups: 0},
    adjudicated: null,
    sources: [],
    dropped: [],
    warnings: [],
    boxes: {...describeBoxes(boxes), of: boxes.length},
    files: describeFiles(inventory, 0),
    credit: null,
  });
  return ok({images, patients: described['patients']!, boxes: boxes.length});
}

async function drawAll(
  context: StageContext,
  cohort: readonly PlannedImage[],
  size: number,
): Promise<readonly SynthesizeDone[]> {
  const pace = createPace({report: context.report, total: cohort.length, unit: 'images'});
  const drawn = new Array<SynthesizeDone>(cohort.length);
  const workerData: SynthesizeData = {folder: join(context.out, 'images'), size};
  let done = 0;
  await runOnWorkers<SynthesizeTask, SynthesizeDone>({
    script: new URL('worker.js', import.meta.url),
    workers: Math.min(context.concurrency, cohort.length),
    workerData,
    tasks: cohort.map((planned, index) => ({index, rgba: isRgba(index), planned})),
    onDone: (image) => {
      drawn[image.index] = image;
      pace.advance(++done);
    },
    signal: context.signal,
  });
  pace.finish();
  return drawn;
}

function isRgba(index: number): boolean {
  return index % RGBA_EVERY === RGBA_EVERY >> 1;
}
