import {statSync} from 'node:fs';
import type {ArtifactRecord, Damage, OutputFile} from '../model/artifact.js';
import type {Digest} from '../model/stage.js';
import {hashFile} from './hash-file.js';
import {isSystemError} from './on-disk.js';
import {inParallel} from './parallel.js';
import type {StatCache} from './stat-cache.js';
import {digestAt, isUnchanged, rowOf, type StatTable, type TableRow, tableOf} from './stat-table.js';

/** An artifact's table in the stat cache: not by path, so that a moved state directory finds it. */
export function artifactSet(fingerprint: Digest): string {
  return `artifact ${fingerprint}`;
}

/**
 * Compares the outputs with what stage.json says. A file in the state in which it was hashed costs one stat; another
 * one is read again, once: after copying the state directory to another disk this happens to all.
 */
export async function verifyOutputs(request: {
  record: ArtifactRecord;
  folder: string;
  stats: StatCache;
}): Promise<readonly Damage[]> {
  const {record, folder, stats} = request;
  const {outputs} = record;
  const set = artifactSet(record.fingerprint.digest);
  const table = stats.table(set);
  const looked = await inParallel(outputs, 1, async (output, index) =>
    unlessRefused(output, () => lookAt(output, {folder, table, index})),
  );
  if (!looked.includes(null)) return looked.filter(isDamage);

  const read = await inParallel(outputs, 2, async (output, index) => {
    const before = looked[index]!;
    return before ?? unlessRefused(output, () => hashOutput(output, folder));
  });
  stats.put(set, tableOf(read.filter(isSound), null));
  return read.filter(isDamage);
}

/** Without reading it; null when its state does not tell its digest. @throws System errors. */
function lookAt(
  output: OutputFile,
  {folder, table, index}: {folder: string; table: StatTable; index: number},
): TableRow | Damage | null {
  const {path, sha256} = output;
  // Both are in order, so that the row is nearly always the same.
  const row = table.names[index] === path ? index : rowOf(table, path);
  const state = statSync(`${folder}/${path}`);
  if (row === -1 || !isUnchanged(table, row, state)) return null;
  return digestAt(table, row) === sha256 ? {name: path, state, sha256} : {path, is: 'changed'};
}

async function hashOutput({path, sha256}: OutputFile, folder: string): Promise<TableRow | Damage> {
  const hashed = await hashFile(`${folder}/${path}`);
  return hashed.sha256 === sha256 ? {name: path, state: hashed.state, sha256} : {path, is: 'changed'};
}

async function unlessRefused<T>({path}: OutputFile, look: () => T | Promise<T>): Promise<T | Damage> {
  try {
    return await look();
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return {path, is: 'missing'};
    if (isSystemError(error)) return {path, is: 'unreadable'};
    throw error;
  }
}

function isDamage(found: TableRow | Damage | null): found is Damage {
  return found !== null && 'is' in found;
}

function isSound(found: TableRow | Damage): found is TableRow {
  return 'name' in found;
}
