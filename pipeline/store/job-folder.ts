import {readFileSync, statSync} from 'node:fs';
import {join} from 'node:path';
import type {JobEvent} from '../model/job-event.js';
import type {RunRecord} from '../model/record.js';
import type {Digest, RunName, StageId} from '../model/stage.js';
import {readAttempts} from './attempts.js';
import type {Layout} from './layout.js';
import {isSystemError} from './on-disk.js';
import {isSameProcess, type ProcessIdentity} from './processes.js';
import {lastLine, readLines} from './read-lines.js';
import {isJobEvent, isObject, isText} from './shapes.js';
import {standingNote} from './standing.js';

/**
 * What a job's folder tells without its agent being asked: from another terminal or another machine on the same disk,
 * also when no driver and no agent is left. The agent alone writes it, but for what is in standing.ts.
 */
export type JobEventsRead = Readonly<{
  events: readonly NumberedEvent[];
  /** Where to go on reading once there is more. */
  next: JournalPlace;
}>;

/** By the number of its line, from 1. */
export type NumberedEvent = Readonly<{seq: number; event: JobEvent}>;

/** What was read of a journal. */
export type JournalPlace = Readonly<{bytes: number; lines: number}>;

/** A stage that is a job of its own and that its agent has not ended. */
export type LivingJob = Readonly<{stage: StageId; fingerprint: Digest; folder: string; agent: JobAgent}>;

export type JobAgent =
  /** It lives on this machine. */
  | (ProcessIdentity & Readonly<{where: 'here'}>)
  /** It stands at this address, mostly on another machine, and was not asked: whether it lives is not known. */
  | Readonly<{where: 'elsewhere'; address: string}>;

const JOURNAL = 'journal.ndjson';
/** No line of a journal is longer. */
const LONGEST_LINE = 1 << 20;

/**
 * The jobs of a run that is not finished. One that a later run has taken over belongs to that one.
 * @throws System errors other than absence.
 */
export function livingJobs(layout: Layout, record: RunRecord): readonly LivingJob[] {
  return record.stages.flatMap(({id, fingerprint, attempts, outcome}): readonly LivingJob[] => {
    if (fingerprint === null || attempts === 0 || outcome !== null) return [];
    if (readAttempts(layout, fingerprint).at(-1)?.run !== record.run) return [];
    const folder = layout.job(fingerprint);
    const agent = agentOf(folder, record);
    return agent === null || hasEnded(folder) ? [] : [{stage: id, fingerprint, folder, agent}];
  });
}

function agentOf(folder: string, {choices}: RunRecord): JobAgent | null {
  const here = agentIn(folder);
  if (here !== null && isSameProcess(here)) return {where: 'here', ...here};
  const address = choices?.agent?.address;
  // That the job has begun, its journal tells.
  const hasBegun = unlessAbsent(() => statSync(join(folder, JOURNAL)).size > 0) ?? false;
  if (address === undefined || !hasBegun) return null;
  const note = standingNote(folder);
  return note === null || (note.lost === null && note.address === address)
    ? {where: 'elsewhere', address}
    : null;
}

/**
 * The run that has taken over what an unfinished run was at; null when none has.
 * @throws System errors other than absence.
 */
export function successorOf(layout: Layout, record: RunRecord): RunName | null {
  for (const {fingerprint, attempts, outcome} of record.stages) {
    if (fingerprint === null || attempts === 0 || outcome !== null) continue;
    const last = readAttempts(layout, fingerprint).at(-1)?.run ?? null;
    if (last !== null && last !== record.run) return last;
  }
  return null;
}

/** The agent that wrote its address into the folder last, dead or alive; null when there is none. */
export function agentIn(folder: string): ProcessIdentity | null {
  const endpoint = readObject(join(folder, 'endpoint.json'));
  const {pid, start_time: startTime} = endpoint ?? {};
  return typeof pid === 'number' && isText(startTime) ? {pid, startTime} : null;
}

/** What the job was given, as JSON; null when it has not begun. */
export function jobArguments(folder: string): Readonly<Record<string, unknown>> | null {
  return readObject(join(folder, 'job.json'));
}

/** All of its journal that are events. @throws System errors other than absence. */
export function jobEvents(folder: string): readonly JobEvent[] {
  return readJobEvents(folder, {bytes: 0, lines: 0}).events.map(({event}) => event);
}

/**
 * The lines of its journal that are events, from a place on; none when there is no journal.
 * @throws System errors other than absence.
 */
export function readJobEvents(folder: string, from: JournalPlace): JobEventsRead {
  const read = unlessAbsent(() => readLines(join(folder, JOURNAL), from.bytes));
  if (read === null) return {events: [], next: from};
  const {lines, nextByte} = read;
  const events = lines.flatMap((line, index): readonly NumberedEvent[] => {
    const event = parsed(line);
    return isJobEvent(event) ? [{seq: from.lines + index + 1, event}] : [];
  });
  return {events, next: {bytes: nextByte, lines: from.lines + lines.length}};
}

/** Whether the last word of its journal is how an attempt ended. @throws System errors other than absence. */
export function hasEnded(folder: string): boolean {
  const line = unlessAbsent(() => lastLine(join(folder, JOURNAL), LONGEST_LINE));
  const last = line === null ? null : parsed(line);
  return isJobEvent(last) && last.type === 'exited';
}

function readObject(path: string): Readonly<Record<string, unknown>> | null {
  const text = unlessAbsent(() => readFileSync(path, 'utf8'));
  const value = text === null ? null : parsed(text);
  return isObject(value) ? value : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function unlessAbsent<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return null;
    throw error;
  }
}
