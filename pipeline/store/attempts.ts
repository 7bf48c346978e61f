import {existsSync, readdirSync, rmSync} from 'node:fs';
import {dirname} from 'node:path';
import type {EarlierAttempt} from '../model/artifact.js';
import type {Digest, RunName} from '../model/stage.js';
import type {Layout} from './layout.js';
import {isSystemError} from './on-disk.js';
import {isSameProcess, type ProcessNote} from './processes.js';
import {readJson} from './read-json.js';
import {isListOf, isObject, isProcessNote, isText} from './shapes.js';
import {makeFolder, writeWhole} from './write-file.js';

/** The attempts at one fingerprint that have not led to an artifact, oldest first: <home>/resume/<fingerprint>.json. */
export type AttemptNotes = Readonly<{schema: 'pipeline/attempts/v1'; attempts: readonly AttemptNote[]}>;

export type AttemptNote = Readonly<{
  number: number;
  run: RunName;
  /** The driver that made the attempt. */
  owner: ProcessNote;
  /** What it started for the attempt and what may outlive it: agent, ranks. */
  children: readonly ProcessNote[];
}>;

export function readAttempts(layout: Layout, fingerprint: Digest): readonly AttemptNote[] {
  try {
    // Notes torn by a power cut: the numbers begin again, and the lock still keeps writers apart.
    return readJson(layout.attempts(fingerprint), isAttemptNotes)?.attempts ?? [];
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return [];
    throw error;
  }
}

function isAttemptNotes(value: unknown): value is AttemptNotes {
  const isNote = (note: unknown): boolean =>
    isObject(note) &&
    typeof note['number'] === 'number' &&
    isText(note['run']) &&
    isProcessNote(note['owner']) &&
    isListOf(note['children'], isProcessNote);
  return isObject(value) && isListOf(value['attempts'], isNote);
}

/** @throws System errors. */
export function writeAttempts(layout: Layout, fingerprint: Digest, attempts: readonly AttemptNote[]): void {
  const path = layout.attempts(fingerprint);
  makeFolder(layout, dirname(path));
  const notes: AttemptNotes = {schema: 'pipeline/attempts/v1', attempts};
  writeWhole(path, `${JSON.stringify(notes, null, 2)}\n`, {durable: true});
}

/**
 * Processes on this machine that may still write for an earlier attempt: what a killed driver left running, and a
 * living driver whose attempt is under way.
 * @param self - Is never among them.
 */
export function livingProcesses(request: {
  layout: Layout;
  fingerprint: Digest;
  attempts: readonly AttemptNote[];
  self: ProcessNote;
}): readonly ProcessNote[] {
  const {layout, fingerprint, attempts, self} = request;
  return attempts.flatMap((attempt) => {
    const underWay = existsSync(layout.attempt(fingerprint, attempt.number));
    const owners = underWay && attempt.owner.pid !== self.pid ? [attempt.owner] : [];
    return [...owners, ...attempt.children].filter((note) => note.host === self.host && isSameProcess(note));
  });
}

/** What an attempt can go on from: the resume folder, when an earlier attempt left something in it. */
export function resumableFrom(layout: Layout, fingerprint: Digest): EarlierAttempt | null {
  const last = readAttempts(layout, fingerprint).at(-1);
  if (last === undefined || isEmptyOrAbsent(layout.resume(fingerprint))) return null;
  return {attempt: last.number, run: last.run};
}

/** Removes what was kept for further attempts. Done once there is an artifact, or to begin afresh. */
export function forgetAttempts(layout: Layout, fingerprint: Digest): void {
  rmSync(layout.resume(fingerprint), {recursive: true, force: true});
  rmSync(layout.attempts(fingerprint), {force: true});
}

function isEmptyOrAbsent(folder: string): boolean {
  try {
    return readdirSync(folder).length === 0;
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return true;
    throw error;
  }
}
