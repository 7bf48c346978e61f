import {statSync} from 'node:fs';
import {join} from 'node:path';
import type {ArtifactRecord, Damage} from '../model/artifact.js';
import type {Digest} from '../model/stage.js';
import {isSystemError} from './on-disk.js';
import {inParallel} from './parallel.js';
import {hashFile, type StatCache} from './stat-cache.js';
import {digestAt, isUnchanged, rowOf, type TableRow, tableOf} from './stat-table.js';

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
  const set = artifactSet(record.fingerprint.digest);
  const table = stats.table(set);
  let learned = false;

  const looked = await inParallel(record.outputs, 2, async (output): Promise<TableRow | Damage> => {
    const {path} = output;
    try {
      const row = rowOf(table, path);
      const file = join(folder, path);
      const state = statSync(file);
      if (row !== -1 && isUnchanged(table, row, state)) {
        const sha256 = digestAt(table, row);
        return sha256 === output.sha256 ? {name: path, state, sha256} : {path, is: 'changed'};
      }
      learned = true;
      const {sha256, state: hashed} = await hashFile(file);
      return sha256 === output.sha256 ? {name: path, state: hashed, sha256} : {path, is: 'changed'};
    } catch (error) {
      if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return {path, is: 'missing'};
      if (isSystemError(error)) return {path, is: 'unreadable'};
      throw error;
    }
  });

  if (learned) stats.put(set, tableOf(looked.filter(isSound), null));
  return looked.filter((found): found is Damage => !isSound(found));
}

function isSound(found: TableRow | Damage): found is TableRow {
  return 'name' in found;
}
