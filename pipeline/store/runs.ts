import {existsSync, mkdirSync, readdirSync, statSync} from 'node:fs';
import {basename, join, resolve as resolvePath} from 'node:path';
import type {Diagnostic} from '../model/diagnostic.js';
import {fault} from '../model/diagnostic.js';
import type {Failure} from '../model/failure.js';
import {foldEvents, type RunRecord} from '../model/record.js';
import {err, ok, type Result} from '../model/result.js';
import type {RunName} from '../model/stage.js';
import {type LivingJob, livingJobs} from './job-folder.js';
import {openJournal, type RunJournal} from './journal.js';
import {type Layout, RUN_FILES} from './layout.js';
import {isSystemError, onDisk} from './on-disk.js';
import {type Liveness, livenessOf, type ProcessNote} from './processes.js';
import {type EventsRead, readEvents} from './read-events.js';
import {readJson} from './read-json.js';
import {RUN_NAME_PATTERN, suggestRunName} from './run-name.js';
import {type FoundRun, type RunPlace, resolveRun, type UnreadableRun} from './run-reference.js';
import {isProcessNote, isRunRecord} from './shapes.js';
import {makeFolder, writeWhole} from './write-file.js';

/** Run folders: one is made by whoever runs, and read by everybody. */
export type Runs = Readonly<{
  /** @param request - Without a name, one is made up. A name that is taken or not allowed is `invalid-input`. */
  create(request: Readonly<{name?: string}>): Result<RunJournal, Failure>;
  /** All runs with their state, the newest first; empty when there is no state directory. */
  list(): Result<readonly RunRow[], Failure>;
  /** The same, with the folders that hold a run which cannot be read. */
  survey(): Result<RunSurvey, Failure>;
  /** Where the run that the user means is: `@last`, `@last~2`, a name, the beginning of one, or a path. */
  resolve(reference: string): Result<FoundRun, Diagnostic>;
  read(place: RunPlace): Result<RunRecord, Failure>;
  /** The same, with what of it lives. */
  look(place: RunPlace): Result<RunRow, Failure>;
  /** @param fromByte - An earlier `nextByte`, to follow a run that is under way. */
  events(place: RunPlace, fromByte?: number): Result<EventsRead, Failure>;
  /** Of the process that writes, or wrote, the run. */
  liveness(place: RunPlace): Liveness;
  /** That process; null when its note is gone. */
  driver(place: RunPlace): ProcessNote | null;
}>;

/**
 * `liveness` tells a run that is `unfinished` because it goes on from one whose process was killed; `jobs` are what of
 * it lives on this machine beside that process, and may outlive it.
 */
export type RunRow = Readonly<{
  place: RunPlace;
  record: RunRecord;
  liveness: Liveness;
  jobs: readonly LivingJob[];
}>;

export type RunSurvey = Readonly<{rows: readonly RunRow[]; unreadable: readonly UnreadableRun[]}>;

export type RunTools = Readonly<{layout: Layout; self(): ProcessNote; now(): Date; random(): number}>;

export function createRuns(tools: RunTools): Runs {
  const {layout} = tools;
  const placeOf = (name: RunName): RunPlace => ({name, folder: layout.run(name)});
  const liveness = (place: RunPlace): Liveness => livenessIn(place.folder, tools.self().host);

  function rowOf(place: RunPlace, record: RunRecord): RunRow {
    if (record.status !== 'unfinished') return {place, record, liveness: 'dead', jobs: []};
    return {place, record, liveness: liveness(place), jobs: jobsOf(layout, record)};
  }

  function survey(): RunSurvey {
    const [rows, unreadable]: [RunRow[], UnreadableRun[]] = [[], []];
    for (const name of runNames(layout)) {
      const place = placeOf(name);
      const read = lookAt(place);
      // Its run was killed before it began, or begins just now.
      if (read === null) continue;
      if (!read.ok) unreadable.push({...place, failure: read.error});
      else {
        const record = read.value;
        rows.push(rowOf(place, record));
      }
    }
    rows.sort((a, b) => (a.record.startedAt < b.record.startedAt ? 1 : -1));
    return {rows, unreadable};
  }

  function resolve(reference: string): Result<FoundRun, Diagnostic> {
    const resolved = onDisk(layout.runs, () =>
      resolveRun(reference, {
        names: () => runNames(layout),
        survey: () => {
          const {rows, unreadable} = survey();
          return {newestFirst: rows.map(({place}) => place), unreadable};
        },
        at: placeOf,
        openFolder,
      }),
    );
    return resolved.ok ? resolved.value : err(asDiagnostic(resolved.error));
  }

  return {
    create: (request) => createRun(tools, request.name),
    list: () => onDisk(layout.runs, () => survey().rows),
    survey: () => onDisk(layout.runs, survey),
    resolve,
    read: readRecord,
    look: (place) => {
      const read = readRecord(place);
      return read.ok ? onDisk(place.folder, () => rowOf(place, read.value)) : read;
    },
    events: ({folder}, fromByte) => readEvents(join(folder, RUN_FILES.events), fromByte),
    liveness,
    driver: ({folder}) => driverIn(folder),
  };
}

/** What the system refused, told like any other reason why a run cannot be found. */
function asDiagnostic(failure: Failure): Diagnostic {
  if (failure.reason !== 'system') throw new Error(`Internal error: the disk says ${failure.reason}`);
  return fault(failure.message, null, failure.hint);
}

function createRun(tools: RunTools, name: string | undefined): Result<RunJournal, Failure> {
  const {layout} = tools;
  if (name !== undefined && !RUN_NAME_PATTERN.test(name)) {
    return err(misnamed(`a run cannot be called "${name}"`, 'use letters, digits, ".", "_" and "-"'));
  }
  const made = onDisk(layout.runs, (): RunName | null => {
    makeFolder(layout, layout.runs);
    for (let tries = 0; ; tries++) {
      const wanted = (name ?? suggestRunName(tools.random, tries)) as RunName;
      if (makeNewFolder(layout.run(wanted))) return wanted;
      if (name !== undefined) return null;
    }
  });
  if (!made.ok) return made;
  if (made.value === null) {
    return err(
      misnamed(`there is a run called "${name}" already`, 'choose another name, or leave out --name'),
    );
  }

  const own = made.value;
  return onDisk(layout.run(own), () => {
    const note = `${JSON.stringify(tools.self(), null, 2)}\n`;
    writeWhole(join(layout.run(own), RUN_FILES.process), note, {durable: false});
    return openJournal({...tools, name: own});
  });
}

/** The one who makes the folder owns the name: mkdir decides between two who want it at the same time. */
function makeNewFolder(path: string): boolean {
  try {
    mkdirSync(path);
    return true;
  } catch (error) {
    if (isSystemError(error, 'EEXIST')) return false;
    throw error;
  }
}

function misnamed(message: string, hint: string): Failure {
  return {reason: 'invalid-input', diagnostics: [fault(message, null, hint)]};
}

function runNames(layout: Layout): RunName[] {
  try {
    return readdirSync(layout.runs).filter((name) => RUN_NAME_PATTERN.test(name)) as RunName[];
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return [];
    throw error;
  }
}

/** As exact as can be: run.json of a run that ended; else the fold of its events, which run.json may be behind. */
function readRecord(place: RunPlace): Result<RunRecord, Failure> {
  const written = readWritten(place);
  if (written !== null && written.finishedAt !== null) return ok(written);
  const read = readEvents(join(place.folder, RUN_FILES.events));
  if (!read.ok) return read;
  const record = foldEvents(read.value.events);
  return record === null ? err(misnamed(`${place.folder} holds no run yet`, 'it was cut short')) : ok(record);
}

/** For a list, where a run that is under way may be a moment old; null when the folder holds none yet. */
function lookAt(place: RunPlace): Result<RunRecord, Failure> | null {
  const written = readWritten(place);
  if (written !== null) return ok(written);
  const read = readEvents(join(place.folder, RUN_FILES.events));
  if (read.ok) {
    const record = foldEvents(read.value.events);
    return record === null ? null : ok(record);
  }
  const isAbsent = read.error.reason === 'system' && ['ENOENT', 'ENOTDIR'].includes(read.error.code);
  return isAbsent && !existsSync(join(place.folder, RUN_FILES.record)) ? null : read;
}

/** run.json; null when it is missing or not whole: the events tell the same. */
function readWritten({folder}: RunPlace): RunRecord | null {
  try {
    return readJson(join(folder, RUN_FILES.record), isRunRecord);
  } catch (error) {
    if (isSystemError(error)) return null;
    throw error;
  }
}

/** Of folders that cannot be read nothing is known: a list of runs does not fail for that. */
function jobsOf(layout: Layout, record: RunRecord): readonly LivingJob[] {
  try {
    return livingJobs(layout, record);
  } catch (error) {
    if (isSystemError(error)) return [];
    throw error;
  }
}

function livenessIn(folder: string, host: string): Liveness {
  const note = driverIn(folder);
  return note === null ? 'dead' : livenessOf(note, host);
}

function driverIn(folder: string): ProcessNote | null {
  try {
    return readJson(join(folder, RUN_FILES.process), isProcessNote);
  } catch (error) {
    if (isSystemError(error)) return null;
    throw error;
  }
}

/** A path the user gave: a run folder is known by its journal, and its name by what the journal says. */
function openFolder(path: string): RunPlace | null {
  const folder = resolvePath(path);
  if (!holdsEvents(folder)) return null;
  const record = readRecord({name: basename(folder) as RunName, folder});
  return record.ok ? {name: record.value.run, folder} : null;
}

function holdsEvents(folder: string): boolean {
  try {
    return statSync(join(folder, RUN_FILES.events), {throwIfNoEntry: false}) !== undefined;
  } catch (error) {
    // The path leads through a file.
    if (isSystemError(error, 'ENOTDIR')) return false;
    throw error;
  }
}
