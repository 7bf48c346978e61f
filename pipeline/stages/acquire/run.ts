import {writeFileSync} from 'node:fs';
import {basename, join} from 'node:path';
import {type Diagnostic, fault} from '../../model/diagnostic.js';
import type {JsonObject} from '../../model/json.js';
import {err, ok, type Result} from '../../model/result.js';
import type {StageContext, StageResult} from '../../model/stage-kind.js';
import {countOf} from '../../model/words.js';
import {toCsv} from '../csv.js';
import {
  ALL_IMAGES,
  CITATION,
  describeBoxes,
  describeFiles,
  describeImages,
  writeDataCard,
} from '../data-card.js';
import {type BoxRow, type ImageRow, writeDataset} from '../dataset.js';
import {createPace} from '../pace.js';
import {readBoxList} from './boxes.js';
import {type ImageIndex, indexImages} from './image-index.js';
import {type Inspected, inspectImages} from './inspect.js';
import {detectLabelState} from './label-state.js';
import {type Metadata, readDataEntry} from './metadata.js';
import type {AcquireParams} from './params.js';

/** Reading overlaps with hashing, which is most of the work: two files per core keep both busy. */
const FILES_PER_CORE = 2;

/** @returns How much there is, and the state of its labels. */
export async function runAcquire(context: StageContext): Promise<StageResult> {
  const given = context.params as AcquireParams;
  const read = readInputs(given);
  if (!read.ok) return err({reason: 'invalid-input', diagnostics: read.error});
  const {metadata, index, boxes} = read.value;
  warn(context, metadata.warnings);
  const rows = metadata.rows.filter((row) => index.has(row.image));
  if (rows.length === 0)
    return err({reason: 'invalid-input', diagnostics: [nothingMatches(given, read.value)]});
  const inspected = await inspect(
    context,
    rows.map((row) => index.get(row.image)!),
  );
  const named = new Set(rows.map((row) => row.image));
  const kept = boxes.filter((box) => named.has(box.image));
  writeDataset(context.out, {rows, boxes: kept, inventory: inspected.map(({file}) => file)});
  const absent = writeAbsences(context.out, read.value);
  const card = describe({given, inputs: read.value, rows, boxes: kept, inspected, absent});
  writeDataCard(context.out, card);
  const {patients, labels} = card as unknown as {patients: number; labels: {state: string}};
  return ok({images: rows.length, of: ALL_IMAGES, patients, labels: labels.state, ...absent});
}

type Inputs = Readonly<{metadata: Metadata; index: ImageIndex; boxes: readonly BoxRow[]}>;

/** All three are read before any is judged, so that their faults come in one go. */
function readInputs(given: AcquireParams): Result<Inputs, readonly Diagnostic[]> {
  const metadata = readDataEntry(given.metadata);
  const boxes = given.boxes === undefined ? ok([]) : readBoxList(given.boxes);
  const index = indexImages(given.images);
  if (metadata.ok && boxes.ok && index.ok) {
    return ok({metadata: metadata.value, boxes: boxes.value, index: index.value});
  }
  return err([metadata, boxes, index].flatMap((part) => (part.ok ? [] : part.error)));
}

function warn(context: StageContext, warnings: readonly Diagnostic[]): void {
  const [first] = warnings;
  if (first === undefined) return;
  const at = first.location === null ? '' : `${basename(first.location.file)}:${first.location.line}: `;
  const more =
    warnings.length > 1 ? `, and ${countOf(warnings.length - 1, 'more like it', 'more like it')}` : '';
  context.report({type: 'stage-note', level: 'warning', text: `${at}${first.message}${more}`});
}

function nothingMatches(given: AcquireParams, {metadata, index}: Inputs): Diagnostic {
  const message =
    `none of the ${countOf(metadata.rows.length, 'image')} named in ${given.metadata} ` +
    `is among the ${countOf(index.size, 'PNG file')} below ${given.images}`;
  return fault(message, null, 'do both belong to the same data set? files are matched by their name');
}

async function inspect(context: StageContext, paths: readonly string[]): Promise<readonly Inspected[]> {
  const pace = createPace({report: context.report, total: paths.length, unit: 'images'});
  const inspected = await inspectImages({
    root: (context.params as AcquireParams).images,
    paths,
    parallel: context.concurrency * FILES_PER_CORE,
    signal: context.signal,
    onDone: pace.advance,
  });
  pace.finish();
  return inspected;
}

type Absences = Readonly<{rows_without_image: number; images_without_row: number}>;

/** Writes missing.csv (rows without an image) and extra.csv (images without a row): nothing is dropped unsaid. */
function writeAbsences(out: string, {metadata, index}: Inputs): Absences {
  const rows = new Set(metadata.rows.map((row) => row.image));
  const missing = metadata.rows.filter((row) => !index.has(row.image)).map((row) => [row.image]);
  const extra = [...index].filter(([name]) => !rows.has(name));
  writeFileSync(join(out, 'missing.csv'), toCsv(['image'], missing));
  writeFileSync(join(out, 'extra.csv'), toCsv(['image', 'path'], extra));
  return {rows_without_image: missing.length, images_without_row: extra.length};
}

function describe(
  facts: Readonly<{
    given: AcquireParams;
    inputs: Inputs;
    rows: readonly ImageRow[];
    boxes: readonly BoxRow[];
    inspected: readonly Inspected[];
    absent: Absences;
  }>,
): JsonObject {
  const {given, inputs, rows, boxes, inspected, absent} = facts;
  const interlaced = inspected.filter((image) => image.interlaced).length;
  return {
    source: {
      kind: 'acquire',
      metadata: basename(given.metadata),
      boxes: given.boxes === undefined ? null : basename(given.boxes),
    },
    of: ALL_IMAGES,
    labels: detectLabelState(inputs.metadata.rows),
    ...describeImages(rows),
    boxes: {...describeBoxes(boxes), of: inputs.boxes.length},
    files: describeFiles(
      inspected.map(({file}) => file),
      interlaced,
    ),
    metadata: {rows: inputs.metadata.rows.length, ages_left_out: inputs.metadata.warnings.length, ...absent},
    credit: CITATION,
  };
}
