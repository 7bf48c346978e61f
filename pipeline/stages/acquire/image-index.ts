import {opendirSync, realpathSync, statSync} from 'node:fs';
import {join, relative, sep} from 'node:path';
import {type Diagnostic, fault} from '../../model/diagnostic.js';
import {err, ok, type Result} from '../../model/result.js';
import {createFaultList} from '../fault-list.js';

/** PNG files by file name; the paths are relative to the folder that was searched, with forward slashes. */
export type ImageIndex = ReadonlyMap<string, string>;

/**
 * Finds every PNG file below a folder, however deep: the publisher's archives unpack to one folder, other copies have
 * `images_001/images/…`. Links are followed, each folder is entered once.
 * @returns The same file name in two folders is a fault: which of them is meant cannot be known.
 */
export function indexImages(root: string): Result<ImageIndex, readonly Diagnostic[]> {
  const index = new Map<string, string>();
  const faults = createFaultList(root);
  for (const path of walk(root, new Set())) {
    const name = path.slice(path.lastIndexOf('/') + 1);
    const first = index.get(name);
    if (first === undefined) index.set(name, path);
    else {
      const hint = `${first} and ${path}: keep one of them`;
      faults.add(fault(`${name} is there twice below ${root}`, null, hint));
    }
  }
  return faults.isEmpty() ? ok(index) : err(faults.all());
}

function* walk(root: string, entered: Set<string>, folder = root): Iterable<string> {
  const real = realpathSync(folder);
  if (entered.has(real)) return;
  entered.add(real);
  const {files, folders} = entriesOf(folder);
  for (const name of files) yield relative(root, join(folder, name)).split(sep).join('/');
  for (const name of folders) yield* walk(root, entered, join(folder, name));
}

/** In the order of their names, so that a message about two files always names the same one first. */
function entriesOf(folder: string): {files: readonly string[]; folders: readonly string[]} {
  const [files, folders]: [string[], string[]] = [[], []];
  const directory = opendirSync(folder, {bufferSize: 1024});
  try {
    for (let entry = directory.readSync(); entry !== null; entry = directory.readSync()) {
      const stat = entry.isSymbolicLink()
        ? statSync(join(folder, entry.name), {throwIfNoEntry: false})
        : entry;
      if (stat?.isDirectory()) folders.push(entry.name);
      else if (stat?.isFile() && /\.png$/i.test(entry.name)) files.push(entry.name);
    }
  } finally {
    directory.closeSync();
  }
  return {files: files.sort(), folders: folders.sort()};
}
