import type {Diagnostic} from '../model/diagnostic.js';
import {fault} from '../model/diagnostic.js';
import type {Failure} from '../model/failure.js';
import {err, ok, type Result} from '../model/result.js';
import {didYouMean} from '../model/spelling.js';
import type {RunName} from '../model/stage.js';
import {countOf} from '../model/words.js';

/** A run folder, at home or copied from elsewhere; `folder` is absolute. */
export type RunPlace = Readonly<{name: RunName; folder: string}>;

/** A folder that holds a run which cannot be read: damaged, or refused by the system. */
export type UnreadableRun = RunPlace & Readonly<{failure: Failure}>;

/** `passedOver`: runs that may be the one that was meant by `@last`; nobody can tell when they were. */
export type FoundRun = RunPlace & Readonly<{passedOver?: readonly UnreadableRun[]}>;

/** What resolving needs to know of the runs there are; asked for only when needed. */
export type KnownRuns = Readonly<{
  names(): readonly RunName[];
  survey(): Readonly<{newestFirst: readonly RunPlace[]; unreadable: readonly UnreadableRun[]}>;
  at(name: RunName): RunPlace;
  /** The run in a folder at that path, or null when it holds none. */
  openFolder(path: string): RunPlace | null;
}>;

/** Finds the run that a user means by `@last`, `@last~2`, a name, the beginning of one, or a path. */
export function resolveRun(reference: string, runs: KnownRuns): Result<FoundRun, Diagnostic> {
  if (reference.startsWith('@')) return resolveLast(reference, runs);
  if (reference.includes('/') || reference === '.' || reference === '..') return resolvePath(reference, runs);
  return resolveName(reference, runs);
}

function resolveLast(reference: string, runs: KnownRuns): Result<FoundRun, Diagnostic> {
  const match = /^@last(?:~(\d+))?$/.exec(reference);
  if (match === null) {
    return err(fault(`"${reference}" names no run`, null, 'write @last, or @last~1 for the one before'));
  }
  const {newestFirst: rows, unreadable} = runs.survey();
  const place = rows[Number(match[1] ?? 0)];
  if (place !== undefined) return ok(unreadable.length === 0 ? place : {...place, passedOver: unreadable});
  if (rows.length === 0 && unreadable.length > 0)
    return err(fault(unreadableText(unreadable), null, 'see: pipeline ls'));
  if (rows.length === 0)
    return err(fault('there is no run yet', null, 'start one with: pipeline run <config>'));
  const message = `there is no ${reference}: the oldest run is @last~${rows.length - 1}`;
  return err(fault(message, null, 'see: pipeline ls'));
}

/** One line about one or several. */
export function unreadableText([first, ...more]: readonly UnreadableRun[]): string {
  if (first === undefined) throw new Error('Internal error: there is no unreadable run');
  const {name, failure} = first;
  const others = more.length === 0 ? '' : `; nor can ${countOf(more.length, 'other run', 'other runs')}`;
  return `run ${name} cannot be read: ${whyUnreadable(failure)}${others}`;
}

export function whyUnreadable(failure: Failure): string {
  if (failure.reason === 'invalid-input') return failure.diagnostics[0]!.message;
  return 'message' in failure ? failure.message : failure.reason;
}

function resolvePath(reference: string, runs: KnownRuns): Result<RunPlace, Diagnostic> {
  const place = runs.openFolder(reference);
  if (place !== null) return ok(place);
  return err(
    fault(`${reference} is no run folder`, null, 'a run folder holds events.ndjson; see: pipeline ls'),
  );
}

function resolveName(reference: string, runs: KnownRuns): Result<RunPlace, Diagnostic> {
  const names = runs.names();
  const candidates = names.filter((name) => name.startsWith(reference));
  const exact = candidates.find((name) => name === reference);
  const [only, another] = exact === undefined ? candidates : [exact];
  if (only !== undefined && another === undefined) return ok(runs.at(only));
  if (only !== undefined) {
    const several = [...candidates].sort().slice(0, 5).join(', ');
    return err(fault(`"${reference}" is the beginning of several runs`, null, `which one: ${several}?`));
  }
  if (names.length === 0) return resolveLast('@last', runs);
  const near = didYouMean(reference, names);
  // A list of hundreds of names is no hint.
  const hint = near?.startsWith('did you mean') ? near : 'see: pipeline ls';
  return err(fault(`there is no run called "${reference}"`, null, hint));
}
