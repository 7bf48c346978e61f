import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import type {JobEvent} from '../model/job-event.js';
import type {RunRecord} from '../model/record.js';
import type {Digest, StageId} from '../model/stage.js';
import {readAttempts} from './attempts.js';
import type {Layout} from './layout.js';
import {isSystemError} from './on-disk.js';
import {isSameProcess, type ProcessIdentity} from './processes.js';
import {lastLine, readLines} from './read-lines.js';
import {isJobEvent, isObject, isText} from './shapes.js';

/**
 * What a job's folder tells without its agent being asked: from another terminal or another machine on the same disk,
 * also when no driver and no agent is left. The agent alone writes it.
 */
export type JobEventsRead = Readonly<{events: readonly JobEvent[]; nextByte: number}>;

/** A stage that is a job of its own, whose agent lives on this machine and has not ended it. */
export type LivingJob = Readonly<{
  stage: StageId;
  fingerprint: Digest;
  folder: string;
  agent: ProcessIdentity;
}>;

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
    const agent = agentIn(folder);
    if (agent === null || !isSameProcess(agent) || hasEnded(folder)) return [];
    return [{stage: id, fingerprint, folder, agent}];
  });
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

/**
 * The lines of its journal that are events, from an earlier `nextByte` on; none when there is no journal.
 * @throws System errors other than absence.
 */
export function readJobEvents(folder: string, fromByte = 0): JobEventsRead {
  const read = unlessAbsent(() => readLines(join(folder, JOURNAL), fromByte));
  const events = (read?.lines ?? []).flatMap((line): readonly JobEvent[] => {
    const value = parsed(line);
    return isJobEvent(value) ? [value] : [];
  });
  return {events, nextByte: read?.nextByte ?? fromByte};
}

function hasEnded(folder: string): boolean {
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
