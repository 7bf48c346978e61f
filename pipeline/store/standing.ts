import {rmSync} from 'node:fs';
import {join} from 'node:path';
import {isSystemError} from './on-disk.js';
import {readJson} from './read-json.js';
import {isNullOr, isObject, isText} from './shapes.js';
import {writeWhole} from './write-file.js';

/**
 * What drivers leave in a job's folder about the standing agent that has the job, mostly on another machine. Whoever
 * writes it holds the lock of the stage. `lost`: why that agent does not have it any more, as it said itself.
 */
export type StandingNote = Readonly<{address: string; lost: string | null}>;

const FILE = 'standing.json';

/** @returns null when no standing agent has the job, or the note cannot be read. */
export function standingNote(folder: string): StandingNote | null {
  try {
    return readJson(join(folder, FILE), isStandingNote);
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return null;
    throw error;
  }
}

/** @throws System errors. */
export function noteStanding(folder: string, note: StandingNote): void {
  writeWhole(join(folder, FILE), `${JSON.stringify(note)}\n`, {durable: false});
}

/** An agent of this machine has the folder now. @throws System errors other than absence. */
export function dropStandingNote(folder: string): void {
  rmSync(join(folder, FILE), {force: true});
}

function isStandingNote(value: unknown): value is StandingNote {
  return isObject(value) && isText(value['address']) && isNullOr(value['lost'], isText);
}
