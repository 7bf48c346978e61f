import {readdirSync, type Stats, statSync} from 'node:fs';
import {setImmediate as nextTurn} from 'node:timers/promises';
import {COLUMNS, type FoundFiles} from '../store/stat-table.js';

/**
 * The files of a data folder and their states, in order of path (by UTF-16 code unit), which is relative to the folder,
 * with `/`. Links are followed, as data sets on clusters are often folders of links. Names that begin with a dot are left
 * out: what file managers, notebooks and network file systems drop there (.DS_Store, ._x.png, .ipynb_checkpoints,
 * .nfs0001) is no data.
 * One system call a file; this thread is given back every few thousand files. A link that leads back into a folder around
 * it adds nothing.
 * @throws System errors, also for a link that leads nowhere: what it stood for would be missing unsaid.
 */
export async function walk(root: string): Promise<FoundFiles> {
  const names: string[] = [];
  const stats: number[] = [];

  async function visit(folder: string, prefix: string, around: readonly string[]): Promise<void> {
    const within = [...around, identityOf(statSync(folder))];
    for (const entry of readdirSync(folder).sort()) {
      if (entry.startsWith('.')) continue;
      const path = `${folder}/${entry}`;
      const target = statSync(path);
      if (target.isDirectory()) {
        if (within.includes(identityOf(target))) continue;
        await visit(path, `${prefix}${entry}/`, within);
      } else if (target.isFile()) {
        const {size, mtimeMs, ctimeMs, ino} = target;
        names.push(prefix + entry);
        stats.push(size, mtimeMs, ctimeMs, ino);
        if (names.length % 8192 === 0) await nextTurn();
      }
    }
  }

  await visit(root, '', []);
  return inOrder({names, stats: new Float64Array(stats)});
}

function identityOf({dev, ino}: Stats): string {
  return `${dev}:${ino}`;
}

/** Nearly always they are: only the likes of `a.png`, which comes before `a/b.png`, were met too late. */
function inOrder(found: FoundFiles): FoundFiles {
  const {names, stats} = found;
  if (names.every((name, index) => index === 0 || names[index - 1]! < name)) return found;
  const rows = [...names.keys()].sort((one, other) => (names[one]! < names[other]! ? -1 : 1));
  const sorted = new Float64Array(stats.length);
  for (const [to, row] of rows.entries())
    sorted.set(stats.subarray(row * COLUMNS, (row + 1) * COLUMNS), to * COLUMNS);
  return {names: rows.map((row) => names[row]!), stats: sorted};
}
