import {existsSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';

/** The program's root, absolute: this code runs from its own file in dist/ or from a bundle of many. */
export const ROOT = rootAbove(dirname(fileURLToPath(import.meta.url)));

/** The folder of the Python sources, absolute. */
export const PYTHON_SOURCES = join(ROOT, 'py');

function rootAbove(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder;
  if (folder === dirname(folder)) throw new Error('Internal error: the program lies outside its package');
  return rootAbove(dirname(folder));
}
