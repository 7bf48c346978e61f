import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {type Diagnostic, fault} from '../../model/diagnostic.js';
import type {JsonObject} from '../../model/json.js';
import {err, ok} from '../../model/result.js';
import type {StageContext, StageResult} from '../../model/stage-kind.js';
import {countOf} from '../../model/words.js';
import {type InventoryRow, readInventory} from '../dataset.js';
import {INTERLACED} from './decode.js';
import {doneRows, finishImages, quarantineCsv} from './finish.js';
import {makeRows} from './make-rows.js';
import type {PreprocessParams} from './params.js';
import type {DoneRow} from './row.js';
import {openRowStore, type RowStore} from './row-store.js';

/** Unreadable images that are told of one by one; the quarantine list has them all. */
const SHOWN = 10;

/** @returns How many images there are, how many of them are odd and how, and what was done with them this time. */
export async function runPreprocess(context: StageContext): Promise<StageResult> {
  const {size, allow_unreadable: allowed} = context.params as PreprocessParams;
  const inventory = readInventory(context.need('dataset'), context.optionalNeed('archives'));
  if (inventory.length === 0) return refused([noImages()]);
  const {signal, out, resume: folder} = context;
  const digests = inventory.map((file) => file.sha256);
  const store = await openRowStore({folder, size, digests, signal});
  try {
    const made = await makeRows({context, store, inventory, size});
    if (!made.ok) return made;
    const unreadable = listUnreadable(store, inventory);
    if (unreadable.length > allowed) {
      const list = join(folder, 'quarantine.csv');
      writeFileSync(list, quarantineCsv(store, inventory));
      return refused(tooManyUnreadable({unreadable, allowed, total: inventory.length, list}));
    }
    for (const text of warnings(unreadable)) context.report({type: 'stage-note', level: 'warning', text});
    const full = await finishImages({store, inventory, size, out, signal});
    if (full !== null) return err(full);
    const facts = summary(store);
    const {dicom_decoders: decoders} = facts;
    if (decoders !== undefined) {
      const text = `DICOM files were decoded by ${decoders}`;
      context.report({type: 'stage-note', level: 'info', text});
    }
    return ok({...facts, size, ...made.value});
  } finally {
    store.close();
  }
}

function refused(diagnostics: readonly Diagnostic[]): StageResult {
  return err({reason: 'invalid-input', diagnostics});
}

function noImages(): Diagnostic {
  const hint = 'name a folder or archives with images as `images` of the stage that makes it';
  return fault('the data set has no image at hand, only its tables', null, hint);
}

function listUnreadable(store: RowStore, inventory: readonly InventoryRow[]): readonly Diagnostic[] {
  return store.outcomes.flatMap((outcome) =>
    outcome?.outcome === 'unreadable'
      ? [fault(`${inventory[outcome.row]!.image} ${outcome.reason}`, null)]
      : [],
  );
}

function warnings(unreadable: readonly Diagnostic[]): readonly string[] {
  const shown = unreadable.slice(0, SHOWN).map(({message}) => message);
  const more = unreadable.length - shown.length;
  if (more === 0) return shown;
  return [
    ...shown,
    `${countOf(more, 'more image')} cannot be used; quarantine.csv lists all ${unreadable.length}`,
  ];
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
  const done = doneRows(store);
  const modes: Record<string, number> = {};
  for (const {mode} of done) modes[mode] = (modes[mode] ?? 0) + 1;
  return {
    images: done.length,
    quarantined: store.outcomes.length - done.length,
    stretched: done.filter(({width, height}) => width !== height).length,
    not_gray: done.filter(({mode}) => mode !== 'L').length,
    interlaced: done.filter(({notes}) => notes === INTERLACED).length,
    modes,
    ...decodersOf(done),
  };
}

/** Decoders of lossy formats differ by a gray value, so it is told which ones there were. */
function decodersOf(done: readonly DoneRow[]): JsonObject {
  const names = [...new Set(done.flatMap(({decoders}) => decoders ?? []))].sort();
  return names.length === 0 ? {} : {dicom_decoders: names.join('; ')};
}
