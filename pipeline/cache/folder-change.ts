import {countOf} from '../model/words.js';
import {digestBytesAt, rowOf, type StatTable} from '../store/stat-table.js';

/** The files that differ between two states of a folder, each list in order of path. */
export type FolderChange = Readonly<{
  changed: readonly string[];
  added: readonly string[];
  removed: readonly string[];
}>;

export function folderChange(before: StatTable, after: StatTable): FolderChange {
  const changed: string[] = [];
  const added: string[] = [];
  for (const [row, name] of after.names.entries()) {
    const earlier = rowOf(before, name);
    if (earlier === -1) added.push(name);
    else {
      const [old, now] = [
        {table: before, row: earlier},
        {table: after, row},
      ].map(digestBytesAt);
      if (Buffer.compare(old!, now!) !== 0) changed.push(name);
    }
  }
  return {changed, added, removed: before.names.filter((name) => rowOf(after, name) === -1)};
}

/** `a.png changed, b.png is new, c.png is gone, 4 more`. */
export function describeFolderChange({changed, added, removed}: FolderChange): string {
  const all = [
    ...changed.map((name) => `${name} changed`),
    ...added.map((name) => `${name} is new`),
    ...removed.map((name) => `${name} is gone`),
  ];
  const named = all.slice(0, 3);
  const more = all.length - named.length;
  return [...named, ...(more === 0 ? [] : [countOf(more, 'more', 'more')])].join(', ');
}
