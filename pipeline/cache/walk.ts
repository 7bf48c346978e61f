import {lstatSync, readdirSync, type Stats, statSync} from 'node:fs';
import {setImmediate as nextTurn} from 'node:timers/promises';
import type {FileState} from '../store/stat-table.js';

/** A file below a folder: its path relative to it, with `/`, and its state. */
export type FoundFile = FileState & Readonly<{name: string}>;

/**
 * The files of a data folder, in order of path (by UTF-16 code unit). Links are followed, as data sets on clusters
 * are often folders of links. Names that begin with a dot are left out: what file managers, notebooks and network
 * file systems drop there (.DS_Store, ._x.png, .ipynb_checkpoints, .nfs0001) is no data.
 * One system call a file; this thread is given back every few thousand files.
 * @throws System errors; ELOOP when a link leads back into a folder around it.
 */
export async function walk(root: string): Promise<readonly FoundFile[]> {
  const files: FoundFile[] = [];
  let nested = false;

  async function visit(folder: string, prefix: string, around: readonly string[]): Promise<void> {
    const within = [...around, identityOf(statSync(folder))];
    for (const entry of readdirSync(folder).sort()) {
      if (entry.startsWith('.')) continue;
      const path = `${folder}/${entry}`;
      const own = lstatSync(path);
      const target = own.isSymbolicLink() ? statSync(path) : own;
      if (target.isDirectory()) {
        if (within.includes(identityOf(target))) throw loop(path);
        nested = true;
        await visit(path, `${prefix}${entry}/`, within);
      } else if (target.isFile()) {
        const {size, mtimeMs, ctimeMs, ino} = target;
        files.push({name: prefix + entry, size, mtimeMs, ctimeMs, ino});
        if (files.length % 8192 === 0) await nextTurn();
      }
    }
  }

  await visit(root, '', []);
  // In one folder the order is right already; `a.png` comes before `a/b.png` only after sorting.
  return nested ? files.sort((one, other) => (one.name < other.name ? -1 : 1)) : files;
}

function identityOf({dev, ino}: Stats): string {
  return `${dev}:${ino}`;
}

function loop(path: string): Error {
  const message = 'a link leads back into a folder around it';
  return Object.assign(new Error(message), {code: 'ELOOP', errno: -40, syscall: 'stat', path});
}
