import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {type Diagnostic, fault} from '../../model/diagnostic.js';
import type {JsonObject} from '../../model/json.js';
import {err, ok} from '../../model/result.js';
import type {StageContext, StageResult} from '../../model/stage-kind.js';
import {countOf, formatCount} from '../../model/words.js';
import {type InventoryRow, readInventory} from '../dataset.js';
import {createPace} from '../pace.js';
import {runOnWorkers} from '../worker-pool.js';
import {finishImages, quarantineCsv} from './finish.js';
import type {PreprocessParams} from './params.js';
import type {RowOutcome} from './row.js';
import {openRowStore, type RowStore} from './row-store.js';
import type {PreprocessData, PreprocessTask} from './worker.js';

/** Unreadable images that a failure lists; the quarantine list has them all. */
const SHOWN = 10;

/** @returns How many images there are, and how many of them are odd. */
export async function runPreprocess(context: StageContext): Promise<StageResult> {
  const {size, allow_unreadable: allowed} = context.params as PreprocessParams;
  const dataset = context.need('dataset');
  const inventory = readInventory(dataset, null);
  const {signal, out, resume: folder} = context;
  const digests = inventory.map((file) => file.sha256);
  const store = await openRowStore({folder, size, digests, signal});
  try {
    const todo = inventory.flatMap((file, row): PreprocessTask[] => {
      const {source, sha256, bytes} = file;
      if (source.kind === 'member')
        throw new Error('Internal error: images are not yet read out of archives');
      return store.outcomes[row] === undefined ? [{row, path: source.path, sha256, bytes}] : [];
    });
    const kept = inventory.length - todo.length;
    if (kept > 0) {
      const text = `${formatCount(kept)} of ${countOf(inventory.length, 'image')} are done from an earlier attempt`;
      context.report({type: 'stage-note', level: 'info', text});
    }
    const changed = await decodeAll({context, store, todo, size, total: inventory.length});
    if (changed !== null)
      return err({reason: 'invalid-input', diagnostics: [changedSince(changed, inventory)]});
    const unreadable = listUnreadable(store, inventory);
    if (unreadable.length > allowed) {
      const list = join(folder, 'quarantine.csv');
      writeFileSync(list, quarantineCsv(store, inventory));
      const diagnostics = tooManyUnreadable({unreadable, allowed, total: inventory.length, list});
      return err({reason: 'invalid-input', diagnostics});
    }
    for (const {message} of unreadable) context.report({type: 'stage-note', level: 'warning', text: message});
    await finishImages({store, inventory, size, out, signal});
    return ok({...summary(store), size, decoded: todo.length});
  } finally {
    store.close();
  }
}

/** Ends early, with the first image that has changed since the data set was made: the rest would be in vain. */
async function decodeAll(
  work: Readonly<{
    context: StageContext;
    store: RowStore;
    todo: readonly PreprocessTask[];
    size: number;
    total: number;
  }>,
): Promise<Extract<RowOutcome, {outcome: 'changed'}> | null> {
  const {context, store, todo, size, total} = work;
  const pace = createPace({report: context.report, total, unit: 'images'});
  const module = new WebAssembly.Module(readFileSync(new URL('kernel.wasm', import.meta.url)));
  let done = total - todo.length;
  let changed: Extract<RowOutcome, {outcome: 'changed'}> | null = null;
  const workerData: PreprocessData = {module, size, pixelFile: store.pixelFile};
  function* remaining(): Iterable<PreprocessTask> {
    for (const task of todo) {
      if (changed !== null) return;
      yield task;
    }
  }
  pace.advance(done);
  await runOnWorkers<PreprocessTask, RowOutcome>({
    script: new URL('worker.js', import.meta.url),
    workers: Math.min(context.concurrency, todo.length),
    workerData,
    tasks: remaining(),
    onDone: (outcome) => {
      if (outcome.outcome === 'changed') changed ??= outcome;
      else store.record(outcome);
      pace.advance(++done);
    },
    signal: context.signal,
  });
  pace.finish();
  return changed;
}

function changedSince(
  {row, how}: Extract<RowOutcome, {outcome: 'changed'}>,
  inventory: readonly InventoryRow[],
): Diagnostic {
  const message = `${inventory[row]!.image} ${how} since the data set was taken stock of`;
  return fault(message, null, 'run again: the data set is then looked at anew');
}

function listUnreadable(store: RowStore, inventory: readonly InventoryRow[]): readonly Diagnostic[] {
  return store.outcomes.flatMap((outcome) =>
    outcome?.outcome === 'unreadable'
      ? [fault(`${inventory[outcome.row]!.image} ${outcome.reason}`, null)]
      : [],
  );
}

function tooManyUnreadable(
  facts: Readonly<{unreadable: readonly Diagnostic[]; allowed: number; total: number; list: string}>,
): readonly Diagnostic[] {
  const {unreadable, allowed, total, list} = facts;
  const message = `${unreadable.length} of ${countOf(total, 'image')} cannot be used, ${allowed} may be left out`;
  const hint = `replace them, or set allow_unreadable: ${unreadable.length} to go on without; the list is in ${list}`;
  return [...unreadable.slice(0, SHOWN), fault(message, null, hint)];
}

function summary(store: RowStore): JsonObject {
  const done = store.outcomes.flatMap((outcome) => (outcome?.outcome === 'done' ? [outcome] : []));
  return {
    images: done.length,
    quarantined: store.outcomes.length - done.length,
    stretched: done.filter(({width, height}) => width !== height).length,
    not_gray: done.filter(({mode}) => mode !== 'L').length,
  };
}
