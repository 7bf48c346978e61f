import type {Failure} from '../model/failure.js';
import type {Digest, StageId} from '../model/stage.js';
import {formatCount} from '../model/words.js';
import {jobEvents} from '../store/job-folder.js';
import {onDisk} from '../store/on-disk.js';
import type {RunRow} from '../store/runs.js';
import type {Store} from '../store/store.js';

/** A stage that was under way when its run was stopped. */
export type StageUnderWay = Readonly<{run: RunRow; id: StageId; fingerprint: Digest}>;

/** What is left of it: steps, of a training, and what is told to people. */
export type Saved = Readonly<{
  id: StageId;
  done: number | null;
  of: number | null;
  /** The step of its last checkpoint; null where it has none. */
  saved: number | null;
  text: string;
}>;

export function stagesUnderWay(run: RunRow): readonly StageUnderWay[] {
  return run.record.stages.flatMap(({id, fingerprint, attempts, outcome}) =>
    fingerprint === null || attempts === 0 || outcome !== null ? [] : [{run, id, fingerprint}],
  );
}

/** Once the run has ended. */
export function savedLine(store: Store): (stage: StageUnderWay) => Saved {
  return ({run, id, fingerprint}) => {
    const record = store.runs.read(run.place);
    const outcome = record.ok ? record.value.stages.find((stage) => stage.id === id)?.outcome : null;
    if (outcome?.status === 'succeeded') return {...NOTHING, id, text: 'was done'};
    const folder = store.layout.job(fingerprint);
    const read = onDisk(folder, () => jobEvents(folder));
    // It is stopped all the same.
    if (!read.ok) return {...NOTHING, id, text: `stopped; what it saved cannot be read: ${said(read.error)}`};
    const events = read.value;
    if (events.length === 0) return {...NOTHING, id, text: 'stopped before its end'};
    const progress = events.findLast((event) => event.type === 'progress' && event.unit === 'steps');
    const checkpoint = events.findLast((event) => event.type === 'checkpoint');
    const {done, total: of} = progress?.type === 'progress' ? progress : {done: null, total: null};
    const saved = checkpoint?.type === 'checkpoint' ? checkpoint.step : null;
    return {id, done, of, saved, text: textOf({done, of, saved})};
  };
}

function said(failure: Failure): string {
  return 'message' in failure ? failure.message : failure.reason;
}

const NOTHING = {done: null, of: null, saved: null};

function textOf({done, of, saved}: Omit<Saved, 'id' | 'text'>): string {
  if (saved === null) return 'ended before its first checkpoint: it will begin anew';
  const all = of === null ? '' : ` of ${formatCount(of)}`;
  const last = formatCount(saved);
  // A report may be due only some steps after the checkpoint.
  if (done === null || done <= saved) return `stopped after step ${last}${all}; it goes on from there`;
  return `ended after step ${formatCount(done)}${all}; it goes on from its last checkpoint, at step ${last}`;
}
