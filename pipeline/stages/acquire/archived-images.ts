import {createHash} from 'node:crypto';
import {mkdirSync, readFileSync, statSync} from 'node:fs';
import {rename, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {type Diagnostic, fault} from '../../model/diagnostic.js';
import {err, ok, type Result} from '../../model/result.js';
import {ArchiveError} from '../archives/archive-error.js';
import {readArchive} from '../archives/read-archive.js';
import {spelledOut} from '../file-name.js';
import type {ArchiveJournal, ArchiveProgress} from './archive-journal.js';
import type {Candidate, Contents, Extra, Refused} from './candidate.js';
import {describeStart} from './plain-files.js';
import {judge, type RowsByStem} from './sources.js';

/** One archive. `archive` is as the inventory calls it, `path` absolute. */
export type Archive = Readonly<{root: number; archive: string; path: string}>;

export type ArchivesRequest = Readonly<{
  archives: readonly Archive[];
  rows: RowsByStem;
  journal: ArchiveJournal;
  /** Where the images go, a folder for each archive; null when they stay in the archives. */
  unpackTo: string | null;
  /** So many archives at a time. */
  parallel: number;
  signal: AbortSignal;
  onImages(count: number): void;
}>;

/**
 * Reads archives, hashing their images on the way. What an earlier attempt has read is not read again.
 * @returns What each holds, in the given order; or one diagnostic for each archive that is damaged, once all others are
 * read.
 */
export async function readArchives(
  request: ArchivesRequest,
): Promise<Result<readonly Contents[], readonly Diagnostic[]>> {
  const {archives, parallel} = request;
  const contents = new Array<Contents>(archives.length);
  const faults: Diagnostic[] = [];
  const stop = new AbortController();
  const signal = AbortSignal.any([request.signal, stop.signal]);
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < archives.length) {
      const index = next++;
      try {
        contents[index] = await readOne(index, {...request, signal});
      } catch (error) {
        if (error instanceof ArchiveError) faults.push(fault(error.message, null, error.hint));
        else {
          stop.abort(error);
          throw error;
        }
      }
    }
  };
  const workers = Array.from({length: Math.max(1, Math.min(parallel, archives.length))}, work);
  const failed = (await Promise.allSettled(workers)).find((worker) => worker.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return faults.length > 0 ? err(faults) : ok(contents);
}

/** Where an image of an archive is, or would be, once it is unpacked: two members may have the same file name. */
export function unpackedPath(unpackTo: string, archive: number, member: string): string {
  return join(unpackTo, String(archive), createHash('sha256').update(member).digest('hex').slice(0, 32));
}

async function readOne(index: number, request: ArchivesRequest): Promise<Contents> {
  const {rows, journal, unpackTo, onImages} = request;
  const {root, archive, path} = request.archives[index]!;
  // Of the same content: another one is another fingerprint, and has another journal.
  const key = `${root} ${archive}`;
  const {images: earlier, rest} = trusted(journal.of(key), index, request);
  onImages(earlier.size);
  if (rest !== null) return {candidates: [...earlier.values()], ...rest};
  if (unpackTo !== null) mkdirSync(join(unpackTo, String(index)), {recursive: true});
  const images = new Map<string, Candidate | null>();
  const [extras, refused]: [Extra[], Refused[]] = [[], []];
  const members = readArchive(path, {
    signal: request.signal,
    wants: (member) => {
      const judged = judge(member, rows);
      if (judged.is === 'extra') extras.push({root, archive, path: member});
      if (judged.is === 'refused') refused.push({archive, path: spelledOut(member), reason: judged.reason});
      if (judged.is !== 'image') return false;
      images.set(member, earlier.get(member) ?? null);
      return !earlier.has(member);
    },
    onFault: ({member, reason}) => refused.push({archive, path: member, reason}),
  });
  for await (const {name, bytes} of members) {
    const candidate = describe({root, archive, path: name}, bytes, rows);
    if (unpackTo !== null && isUnpacked(candidate)) await unpack(unpackedPath(unpackTo, index, name), bytes);
    journal.image(key, candidate);
    images.set(name, candidate);
    onImages(1);
  }
  journal.end(key, {extras, refused});
  return {candidates: [...images.values()].filter((image) => image !== null), extras, refused};
}

/**
 * Renamed into its place: an attempt that was killed late may have left a file there that is read-only.
 * @param file - Absolute.
 */
async function unpack(file: string, bytes: Buffer): Promise<void> {
  await writeFile(`${file}.part`, bytes);
  await rename(`${file}.part`, file);
}

/** Whether an image of an archive is written out. A DICOM file is not: it may name the patient. */
export function isUnpacked({mode}: Pick<Candidate, 'mode'>): boolean {
  return mode !== 'DICOM';
}

function describe(
  place: Readonly<{root: number; archive: string; path: string}>,
  bytes: Buffer,
  rows: RowsByStem,
): Candidate {
  const judged = judge(place.path, rows);
  if (judged.is !== 'image') throw new Error(`Internal error: ${place.path} was not asked for`);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const start = describeStart(bytes, place.path);
  return {image: judged.row.image, sha256, bytes: bytes.length, ...start, ...place};
}

/** Of what an earlier attempt has read that which is still there, if it was to be unpacked. */
function trusted(progress: ArchiveProgress, index: number, request: ArchivesRequest): ArchiveProgress {
  const {unpackTo, journal} = request;
  if (unpackTo === null) return progress;
  const images = [...progress.images].filter(([member, candidate]) => {
    if (!isUnpacked(candidate)) return true;
    const {bytes, sha256} = candidate;
    const file = unpackedPath(unpackTo, index, member);
    if (statSync(file, {throwIfNoEntry: false})?.size === bytes) {
      if (journal.isSameBoot) return true;
      if (createHash('sha256').update(readFileSync(file)).digest('hex') === sha256) return true;
    }
    return false;
  });
  const rest = images.length === progress.images.size ? progress.rest : null;
  return {images: new Map(images), rest};
}
