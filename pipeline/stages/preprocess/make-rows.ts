import {fault} from '../../model/diagnostic.js';
import type {Failure} from '../../model/failure.js';
import {err, ok, type Result} from '../../model/result.js';
import type {StageContext} from '../../model/stage-kind.js';
import {countOf, formatCount} from '../../model/words.js';
import {ArchiveError} from '../archives/archive-error.js';
import type {InventoryRow} from '../dataset.js';
import {createPace, type Pace} from '../pace.js';
import {decodeAll} from './decode-all.js';
import type {DicomDecoder} from './dicom.js';
import {DicomError} from './dicom-error.js';
import {refuseFullDisk} from './room.js';
import type {RowStore} from './row-store.js';
import {takeOverRows} from './taken-over.js';
import {DICOM_MODE, type Todo} from './tasks.js';

/** What was done this time: rows that an interrupted attempt had made already are in neither number. */
export type Made = Readonly<{decoded: number; taken_over: number}>;

type Work = Readonly<{
  context: StageContext;
  store: RowStore;
  inventory: readonly InventoryRow[];
  size: number;
}>;

/** Whatever an interrupted attempt has not done is taken over from earlier artifacts, and the rest is decoded. */
export async function makeRows(work: Work): Promise<Result<Made, Failure>> {
  const {context, inventory, size} = work;
  const total = inventory.length;
  const pace = createPace({report: context.report, total, unit: 'images'});
  const kept = total - missing(work).length;
  pace.advance(kept);
  if (kept > 0)
    note(work, `${formatCount(kept)} of ${countOf(total, 'image')} are done from an earlier attempt`);
  const full = await refuseFullDisk(context.resume, {rows: total - kept, size});
  if (full !== null) return err(full);
  const takenOver = await takeOver(work, pace, kept);
  const todo = missing(work);
  const failure = await decodeRest(work, pace, todo);
  if (failure !== null) return err(failure);
  pace.finish();
  return ok({decoded: todo.length, taken_over: takenOver});
}

function missing({store, inventory}: Work): readonly Todo[] {
  return inventory.flatMap((image, row) => (store.outcomes[row] === undefined ? [{row, image}] : []));
}

function note({context}: Work, text: string): void {
  context.report({type: 'stage-note', level: 'info', text});
}

async function takeOver(work: Work, pace: Pace, kept: number): Promise<number> {
  const {context, store, inventory, size} = work;
  const {signal} = context;
  if (kept === inventory.length) return 0;
  const earlier = await context.earlier();
  const digests = inventory.map((file) => file.sha256);
  const onRows = (count: number): void => pace.advance(kept + count);
  const takenOver = await takeOverRows({earlier, store, digests, size, signal, onRows});
  const rest = inventory.length - kept - takenOver;
  if (takenOver > 0) {
    const those = `${formatCount(takenOver)} of ${countOf(inventory.length, 'image')}`;
    note(work, `${those} are taken over from an earlier run; ${formatCount(rest)} to decode`);
  }
  return takenOver;
}

async function decodeRest(work: Work, pace: Pace, todo: readonly Todo[]): Promise<Failure | null> {
  const {context, store, inventory, size} = work;
  const {signal, concurrency: threads} = context;
  const decoder = await decoderFor(context, todo);
  if (!decoder.ok) return decoder.error;
  let done = inventory.length - todo.length;
  const onDone = (): void => pace.advance(++done);
  try {
    const changed = await decodeAll({todo, store, size, threads, decoder: decoder.value, signal, onDone});
    if (changed === null) return null;
    const message = `${inventory[changed.row]!.image} ${changed.how} since the data set was taken stock of`;
    const hint = 'run again: the data set is then looked at anew';
    return {reason: 'invalid-input', diagnostics: [fault(message, null, hint)]};
  } catch (error) {
    if (error instanceof DicomError) return error.failure;
    if (!(error instanceof ArchiveError)) throw error;
    return {reason: 'invalid-input', diagnostics: [fault(error.message, null, error.hint)]};
  }
}

/** Python is asked for only when there is something that needs it. */
async function decoderFor(
  {python, signal, concurrency}: StageContext,
  todo: readonly Todo[],
): Promise<Result<DicomDecoder | null, Failure>> {
  const files = todo.filter(({image}) => image.mode === DICOM_MODE).length;
  if (files === 0) return ok(null);
  const tool = await python();
  if (!tool.ok) return tool;
  const {openDicomDecoder} = await import('./dicom.js');
  return ok(openDicomDecoder({tool: tool.value, processes: Math.min(concurrency, files), signal}));
}
