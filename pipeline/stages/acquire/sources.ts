import {opendirSync, realpathSync, statSync} from 'node:fs';
import {basename, join} from 'node:path';
import type {ArtifactRef} from '../../model/stage-kind.js';
import type {ImageRow} from '../dataset.js';
import {whyNoImageName, whyNoPath} from '../file-name.js';
import {isArchiveName, isImageName, mayBeImage, stemOf} from './image-kind.js';

/** Where images come from. `path` is absolute, `root` the number by which the inventory names it. */
export type Source = Readonly<{
  root: number;
  kind: 'folder' | 'archive' | 'download';
  path: string;
  name: string;
}>;

/** @param images - The parameter: one path, a list, or nothing. */
export function sourcesOf(
  images: string | readonly string[] | undefined,
  archives: ArtifactRef | null,
): readonly Source[] {
  const given = images === undefined ? [] : [images].flat();
  const sources = given.map((path, root): Source => {
    const kind = statSync(path).isDirectory() ? 'folder' : 'archive';
    return {root, kind, path, name: basename(path)};
  });
  if (archives === null) return sources;
  return [...sources, {root: given.length, kind: 'download', path: archives.path, name: archives.stage}];
}

/** What may be images or archives in a source: paths relative to it, with forward slashes, in a fixed order. */
export type SourceFiles = Readonly<{images: readonly string[]; archives: readonly string[]}>;

/**
 * Finds the files of a source, however deep: the publisher's archives unpack to one folder, other copies have
 * `images_001/images/…`. Links are followed, each folder is entered once; names that begin with a dot are no data, as
 * for the fingerprint.
 */
export function filesOf({kind, path, name}: Source): SourceFiles {
  if (kind === 'archive') return {images: [], archives: [name]};
  const files = [...walk(path, '', new Set())];
  return {
    images: kind === 'folder' ? files.filter((file) => mayBeImage(nameOf(file))) : [],
    archives: files.filter((file) => isArchiveName(file)),
  };
}

function* walk(root: string, prefix: string, entered: Set<string>): Iterable<string> {
  const folder = join(root, prefix);
  const real = realpathSync(folder);
  if (entered.has(real)) return;
  entered.add(real);
  const {files, folders} = entriesOf(folder);
  for (const name of files) yield prefix + name;
  for (const name of folders) yield* walk(root, `${prefix}${name}/`, entered);
}

/** In the order of their names, so that a message about two files always names the same one first. */
function entriesOf(folder: string): {files: readonly string[]; folders: readonly string[]} {
  const [files, folders]: [string[], string[]] = [[], []];
  const directory = opendirSync(folder, {bufferSize: 1024});
  try {
    for (let entry = directory.readSync(); entry !== null; entry = directory.readSync()) {
      if (entry.name.startsWith('.')) continue;
      const stat = entry.isSymbolicLink()
        ? statSync(join(folder, entry.name), {throwIfNoEntry: false})
        : entry;
      if (stat?.isDirectory()) folders.push(entry.name);
      else if (stat?.isFile() && (mayBeImage(entry.name) || isArchiveName(entry.name)))
        files.push(entry.name);
    }
  } finally {
    directory.closeSync();
  }
  return {files: files.sort(), folders: folders.sort()};
}

/** The rows of the metadata by the stem of their image. */
export type RowsByStem = ReadonlyMap<string, ImageRow>;

export type Judgement =
  | Readonly<{is: 'image'; row: ImageRow}>
  /** An image that belongs to no row. */
  | Readonly<{is: 'extra'}>
  | Readonly<{is: 'refused'; reason: string}>
  | Readonly<{is: 'nothing'}>;

/** What a file is by its path alone, in a folder or in an archive. */
export function judge(path: string, rows: RowsByStem): Judgement {
  const name = nameOf(path);
  if (!mayBeImage(name) || /(^|\/)\./.test(path)) return {is: 'nothing'};
  const row = rows.get(stemOf(name));
  if (row === undefined && !isImageName(name)) return {is: 'nothing'};
  const reason = whyNoPath(path) ?? whyNoImageName(name);
  if (reason !== null) return {is: 'refused', reason};
  return row === undefined ? {is: 'extra'} : {is: 'image', row};
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
