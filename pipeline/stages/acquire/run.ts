import {mkdirSync} from 'node:fs';
import {basename, join} from 'node:path';
import {type Diagnostic, fault} from '../../model/diagnostic.js';
import type {JsonObject} from '../../model/json.js';
import {err, ok} from '../../model/result.js';
import type {StageContext, StageResult} from '../../model/stage-kind.js';
import {countOf, listWords} from '../../model/words.js';
import {writeDataCard} from '../data-card.js';
import {ARTIFACT, type ImageFile, type ImagePlace, type ImageRow, writeDataset} from '../dataset.js';
import {linkOrCopy} from '../link-or-copy.js';
import {isUnpacked, unpackedPath} from './archived-images.js';
import type {Candidate} from './candidate.js';
import {describeDataset} from './card.js';
import {type Gathered, gather} from './gather.js';
import {stemOf} from './image-kind.js';
import {writeAdjudicated, writeLists} from './lists.js';
import type {AcquireParams} from './params.js';
import {type Picked, pickImages} from './pick.js';
import {unlikePublished} from './published-archives.js';
import {nameOf, type Source, sourcesOf} from './sources.js';
import {readTables, type Tables} from './tables.js';

/** @returns How much there is, and the state of its labels. */
export async function runAcquire(context: StageContext): Promise<StageResult> {
  const given = context.params as AcquireParams;
  const invalid = (diagnostics: readonly Diagnostic[]): StageResult =>
    err({reason: 'invalid-input', diagnostics});
  const sources = sourcesOf(given.images, context.optionalNeed('archives'));
  const tables = readTables(given);
  if (!tables.ok) return invalid(tables.error);
  const {rows} = tables.value.metadata;
  const byStem = new Map(rows.map((row) => [stemOf(row.image), row]));
  const unpackTo = given.unpack ? join(context.resume, 'images') : null;
  const gathered = await gather(context, {sources, rows: byStem, unpackTo});
  if (!gathered.ok) return invalid(gathered.error);
  const picked = pickImages(gathered.value.contents, sources);
  if (!picked.ok) return invalid(picked.error);
  const images = picked.value.images.size;
  if (sources.length === 0) say(context, 'info', 'no images are given: the data set is its tables alone');
  else if (images === 0)
    return invalid([nothingMatches(given, {tables: tables.value, sources, gathered: gathered.value})]);
  return ok(write(context, {tables: tables.value, sources, gathered: gathered.value, picked: picked.value}));
}

function nothingMatches(
  given: AcquireParams,
  {tables, sources, gathered}: Readonly<{tables: Tables; sources: readonly Source[]; gathered: Gathered}>,
): Diagnostic {
  const seen = gathered.contents.reduce((sum, {extras, refused}) => sum + extras.length + refused.length, 0);
  const places = listWords(sources.map(({path}) => path));
  if (seen === 0) {
    const hint =
      'put PNG or DICOM files or the archives there, at any depth; `-c configs/download.yaml` fetches the archives';
    return fault(`there is no image in ${places}`, null, hint);
  }
  const message =
    `none of the ${countOf(tables.metadata.rows.length, 'image')} named in ${given.metadata} ` +
    `is among the ${countOf(seen, 'image')} in ${places}`;
  return fault(message, null, 'do both belong to the same data set? files are matched by their name');
}

/** What the summary takes from the card. */
type CardNumbers = Readonly<{of: number; patients: number; labels: {state: string}}>;

type Found = Readonly<{tables: Tables; sources: readonly Source[]; gathered: Gathered; picked: Picked}>;

function write(context: StageContext, {tables, sources, gathered, picked}: Found): JsonObject {
  const given = context.params as AcquireParams;
  const all = tables.metadata.rows;
  const [atHand, missing, inventory]: [ImageRow[], ImageRow[], Candidate[]] = [[], [], []];
  for (const row of all) {
    const file = picked.images.get(row.image);
    if (file !== undefined) inventory.push(file);
    (file === undefined ? missing : atHand).push(row);
  }
  const rows = sources.length === 0 ? all : atHand;
  const names = new Set(rows.map(({image}) => image));
  const boxes = (tables.boxes ?? []).filter(({image}) => names.has(image));
  const adjudicated = tables.adjudicated?.filter(({image}) => names.has(image)) ?? null;
  const placed = given.unpack ? placeUnpacked(context, {inventory, gathered}) : inventory;
  const leftPacked = given.unpack ? inventory.filter((file) => !isUnpacked(file)).length : 0;
  if (leftPacked > 0) {
    const text = `${countOf(leftPacked, 'DICOM file stays', 'DICOM files stay')} in the archives: they may name patients`;
    say(context, 'info', text);
  }
  writeDataset(context.out, {rows, boxes, inventory: placed});
  if (adjudicated !== null) writeAdjudicated(context.out, adjudicated);
  const extras = gathered.contents.flatMap((contents) => contents.extras);
  const refused = gathered.contents.flatMap((contents) => contents.refused);
  const verification = writeLists(context.out, {missing, extras, refused, inventory, sources});
  const warnings = warn(context, {tables, gathered});
  const {copies} = picked;
  const facts = {
    given,
    tables,
    sources,
    gathered,
    rows,
    boxes,
    adjudicated,
    inventory,
    copies,
    verification,
    warnings,
  };
  const card = describeDataset(facts);
  writeDataCard(context.out, card);
  const {of, patients, labels} = card as unknown as CardNumbers;
  return {
    images: inventory.length,
    of,
    patients,
    labels: labels.state,
    rows_without_image: verification.missing,
    images_without_row: verification.extra,
  };
}

/** Gives the unpacked images that are used a place in the artifact. */
function placeUnpacked(
  context: StageContext,
  {inventory, gathered}: Readonly<{inventory: readonly Candidate[]; gathered: Gathered}>,
): readonly (ImageFile & ImagePlace)[] {
  const numbers = new Map(
    gathered.archives.map(({archive}, index) => [`${archive.root} ${archive.archive}`, index]),
  );
  mkdirSync(join(context.out, 'images'));
  return inventory.map((file) => {
    if (file.archive === '' || !isUnpacked(file)) return file;
    const archive = numbers.get(`${file.root} ${file.archive}`)!;
    const path = `images/${nameOf(file.path)}`;
    linkOrCopy(unpackedPath(join(context.resume, 'images'), archive, file.path), join(context.out, path));
    return {...file, root: ARTIFACT, archive: '', path};
  });
}

/** @returns What is odd about the data; the first of each sort is told at once. */
function warn(
  context: StageContext,
  {tables, gathered}: Readonly<{tables: Tables; gathered: Gathered}>,
): readonly string[] {
  const {first, count} = tables.metadata.agesLeftOut;
  const at = first?.location == null ? '' : `${basename(first.location.file)}:${first.location.line}: `;
  const ages = first === null ? [] : [`${at}${first.message}${andMore(count)}`];
  const archives = gathered.archives.flatMap(
    ({archive, contents}) => unlikePublished(basename(archive.archive), contents) ?? [],
  );
  for (const text of ages) say(context, 'warning', text);
  if (archives.length > 0) say(context, 'warning', `${archives[0]}${andMore(archives.length)}`);
  return [...ages, ...archives];
}

function andMore(count: number): string {
  return count > 1 ? `, and ${countOf(count - 1, 'more like it', 'more like it')}` : '';
}

function say(context: StageContext, level: 'info' | 'warning', text: string): void {
  context.report({type: 'stage-note', level, text});
}
