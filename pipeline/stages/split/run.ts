import {createHash} from 'node:crypto';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {type Diagnostic, fault} from '../../model/diagnostic.js';
import {FOLDS} from '../../model/findings.js';
import {isJsonObject, type Json, type JsonObject} from '../../model/json.js';
import {err, ok, type Result} from '../../model/result.js';
import type {StageContext, StageResult} from '../../model/stage-kind.js';
import {auditDocument, type CheckOutcome, failedChecks} from '../audit/document.js';
import {toCsv} from '../csv.js';
import {readLabelState} from '../data-card.js';
import {type ImageRow, readMetadata} from '../dataset.js';
import {isChestXray14} from '../image-name.js';
import {checkArchiveBoundaries} from './archive-boundary.js';
import {type Assignment, assign} from './assign.js';
import {splitCard} from './card.js';
import {checkOfficialTest} from './official-test.js';
import {checkOverlap, type FoldRow} from './overlap.js';
import type {SplitParams} from './params.js';
import {checkTrainedOn} from './trained-on.js';

/** @returns How many images each fold has, and how many cells equal Table 1 where that means something. */
export async function runSplit(context: StageContext): Promise<StageResult> {
  const given = context.params as unknown as SplitParams;
  const dataset = context.need('dataset');
  const rows = readMetadata(dataset);
  const known = isChestXray14(dataset, rows);
  const assigned = assign({rows, dataset, known}, given);
  if (!assigned.ok) return err({reason: 'invalid-input', diagnostics: assigned.error});
  const members = membersOf(rows, assigned.value);
  const checks = checkFolds(members, {given, rows, known});
  if (!checks.ok) return err({reason: 'invalid-input', diagnostics: checks.error});
  const audit = auditDocument(checks.value, given.accept);
  const faults = [...emptyFolds(members), ...failedChecks(audit, join(context.resume, 'audit.json'))];
  // Of folds that fail nothing becomes an artifact; what was found stays for whoever mends them.
  if (!audit.pass) write(context.resume, {'audit.json': audit});
  if (faults.length > 0) return err({reason: 'invalid-input', diagnostics: faults});
  const csv = toCsv(
    ['image', 'patient', 'fold'],
    members.map((row) => [row.image, row.patient, row.fold]),
  );
  const digest = createHash('sha256').update(csv).digest('hex');
  const overlaps = {patients: countOf(checks.value, 'patient'), images: countOf(checks.value, 'image')};
  const labels = readLabelState(dataset);
  const card = splitCard({given, known, digest, labels, rows, assignment: assigned.value, overlaps});
  write(context.out, {'folds.csv': csv, 'card.json': card, 'audit.json': audit});
  if (assigned.value.parts !== null) write(context.out, {'parts.csv': partsCsv(rows, assigned.value.parts)});
  tell(context, {card, checks: audit.checks});
  const counts = FOLDS.map((fold) => [fold, members.filter((row) => row.fold === fold).length]);
  return ok({...Object.fromEntries(counts), ...table1Fact(card['table_1']), digest: digest.slice(0, 12)});
}

function membersOf(rows: readonly ImageRow[], {folds}: Assignment): readonly FoldRow[] {
  const members: FoldRow[] = [];
  for (const [place, {image, patient}] of rows.entries()) {
    const fold = folds[place];
    if (fold != null) members.push({image, patient, fold});
  }
  return members;
}

/** The checks that need no image. */
function checkFolds(
  members: readonly FoldRow[],
  {given, rows, known}: Readonly<{given: SplitParams; rows: readonly ImageRow[]; known: boolean}>,
): Result<readonly CheckOutcome[], readonly Diagnostic[]> {
  const trainedOn = checkTrainedOn(members, {given: given.trained_on, rows, known});
  if (!trainedOn.ok) return trainedOn;
  return ok([
    checkOverlap('patient', members),
    checkOverlap('image', members),
    checkArchiveBoundaries(members, known),
    trainedOn.value,
    checkOfficialTest(members, known),
  ]);
}

function emptyFolds(members: readonly FoldRow[]): readonly Diagnostic[] {
  return FOLDS.filter((fold) => !members.some((row) => row.fold === fold)).map((fold) =>
    fault(`the fold "${fold}" is empty`, null, 'take more images, or other folds'),
  );
}

function countOf(checks: readonly CheckOutcome[], of: 'patient' | 'image'): number {
  return checks.find(({name}) => name === `${of}-overlap`)!.count;
}

function partsCsv(rows: readonly ImageRow[], parts: readonly number[]): string {
  return toCsv(
    ['image', 'patient', 'part'],
    rows.map(({image, patient}, row) => [image, patient, parts[row]!]),
  );
}

function write(out: string, files: Readonly<Record<string, string | JsonObject>>): void {
  for (const [name, content] of Object.entries(files)) {
    const text = typeof content === 'string' ? content : `${JSON.stringify(content, null, 2)}\n`;
    writeFileSync(join(out, name), text);
  }
}

/** What was accepted is a warning each time, so that nobody forgets it. */
function tell(
  context: StageContext,
  {card, checks}: Readonly<{card: JsonObject; checks: readonly CheckOutcome[]}>,
): void {
  const table = card['table_1'];
  if (isJsonObject(table)) say(context, 'info', String(table['note']));
  for (const {name, status, title, detail} of checks) {
    if (status === 'noted' && name === 'official-test') say(context, 'info', `${title}: ${detail}`);
    if (status === 'accepted') say(context, 'warning', `accepted: ${title}: ${detail}`);
  }
}

function say(context: StageContext, level: 'info' | 'warning', text: string): void {
  context.report({type: 'stage-note', level, text});
}

function table1Fact(table: Json | undefined): JsonObject {
  if (!isJsonObject(table) || typeof table['cells_equal'] !== 'number') return {};
  return {table_1: `${table['cells_equal']} of ${String(table['of'])} cells`};
}
