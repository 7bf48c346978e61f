import type {Diagnostic} from '../../model/diagnostic.js';
import {err, ok, type Result} from '../../model/result.js';
import type {BoxRow} from '../dataset.js';
import {type AdjudicatedRow, readAdjudicated} from './adjudicated.js';
import {readBoxList} from './boxes.js';
import {type Metadata, readDataEntry} from './metadata.js';
import type {AcquireParams} from './params.js';

/** What the publisher's tables say; null where none was given. */
export type Tables = Readonly<{
  metadata: Metadata;
  boxes: readonly BoxRow[] | null;
  adjudicated: readonly AdjudicatedRow[] | null;
}>;

/** All are read before any is judged, so that their faults come in one go. */
export function readTables(given: AcquireParams): Result<Tables, readonly Diagnostic[]> {
  const metadata = readDataEntry(given.metadata);
  const boxes = given.boxes === undefined ? ok(null) : readBoxList(given.boxes);
  const adjudicated = given.adjudicated === undefined ? ok(null) : readAdjudicated(given.adjudicated);
  if (metadata.ok && boxes.ok && adjudicated.ok) {
    return ok({metadata: metadata.value, boxes: boxes.value, adjudicated: adjudicated.value});
  }
  return err([metadata, boxes, adjudicated].flatMap((table) => (table.ok ? [] : table.error)));
}
