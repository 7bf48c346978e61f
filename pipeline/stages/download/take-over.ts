import {constants} from 'node:fs';
import {copyFile} from 'node:fs/promises';
import {join} from 'node:path';
import {readCsv} from '../csv.js';
import {inParallel} from './parallel.js';
import {freeBytes, placeFile} from './place-file.js';
import {ARCHIVE_LIST, PART_ENDING} from './places.js';
import {partBytes, type Shelf, type State, standingOf, statesIn, writeState} from './shelf.js';

/**
 * Puts onto the shelves what earlier attempts and runs left of the same files, known by their SHA-256, in artifacts and
 * on shelves of other lists of files. Nobody vouches for it: whole files are read before they count, parts before they
 * are added to.
 * @param folders - Absolute, the best first.
 */
export async function takeOver(
  shelves: readonly Shelf[],
  folders: readonly string[],
  work: Readonly<{width: number; halt: AbortController}>,
): Promise<void> {
  const missing: Shelf[] = [];
  for (const shelf of shelves) {
    const isHere = (await standingOf(shelf)).is !== 'absent' || (await partBytes(shelf)) !== null;
    if (!isHere) missing.push(shelf);
  }
  if (missing.length === 0) return;
  const finds: Find[] = [];
  for (const folder of folders) finds.push(...(await unlessGone(() => findsIn(folder), [])));
  // A whole file before any part of it.
  finds.sort((a, b) => Number(a.is === 'part') - Number(b.is === 'part'));
  await inParallel(missing, work, async (shelf) => {
    for (const find of finds) {
      if (find.sha256 !== shelf.sha256) continue;
      if (await unlessGone(() => take(find, shelf), false)) return;
    }
  });
}

type Find = Readonly<{
  is: 'whole' | 'part';
  sha256: string;
  folder: string;
  name: string;
  state: State | null;
}>;

async function findsIn(folder: string): Promise<readonly Find[]> {
  const states = await statesIn(folder);
  const noted = [...states].map(([name, state]) => ({...pick(state), folder, name, state}));
  return [...noted, ...listedIn(folder)];
}

function pick({is, sha256}: State): Pick<Find, 'is' | 'sha256'> {
  return {is, sha256};
}

/** What the list of an artifact says; none where there is no list, or a damaged one. */
function listedIn(folder: string): readonly Find[] {
  let list: ReturnType<typeof readCsv>;
  try {
    list = readCsv(join(folder, ARCHIVE_LIST));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
  if (!list.ok) return [];
  return list.value.rows.flatMap(({cells: [name, sha256]}) =>
    name === undefined || sha256 === undefined || /[/\\]/.test(name)
      ? []
      : [{is: 'whole', sha256, folder, name, state: null}],
  );
}

/** A part is copied, since another run may still add to it; what is copied is a beginning of the file all the same. */
async function take(find: Find, shelf: Shelf): Promise<boolean> {
  const {folder, name} = find;
  if (find.is === 'part') {
    const bytes = await partBytes(find);
    if (bytes === null || (await freeBytes(shelf.folder)) < bytes) return false;
    const [from, to] = [join(folder, name + PART_ENDING), join(shelf.folder, shelf.name + PART_ENDING)];
    await copyFile(from, to, constants.COPYFILE_FICLONE);
  } else {
    const standing = await standingOf(find);
    if (standing.is === 'absent') return false;
    const [from, to] = [join(folder, name), join(shelf.folder, shelf.name)];
    if (!(await placeFile({from, to, bytes: standing.bytes}))) return false;
  }
  if (find.state !== null) await writeState(shelf, find.state);
  return true;
}

/** What another run takes away in the meantime was not there, and what nobody may read is of no use. */
async function unlessGone<T>(action: () => Promise<T>, otherwise: T): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (GONE.has(codeOf(error))) return otherwise;
    throw error;
  }
}

const GONE: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'EISDIR', 'EACCES', 'ELOOP']);

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? '';
}
