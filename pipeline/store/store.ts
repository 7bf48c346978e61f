import {statSync} from 'node:fs';
import {resolve} from 'node:path';
import type {Failure} from '../model/failure.js';
import {err, ok, type Result} from '../model/result.js';
import {type Artifacts, createArtifacts} from './artifacts.js';
import {createLast, type LastFingerprints} from './last.js';
import {type Layout, layoutOf} from './layout.js';
import {createLocks, type Locks} from './locks.js';
import {onDisk} from './on-disk.js';
import {type ProcessNote, startTimeOf} from './processes.js';
import {createRuns, type Runs} from './runs.js';
import {createStatCache, type StatCache} from './stat-cache.js';

/** The one owner of the state directory. */
export type Store = Readonly<{
  /** Absolute. */
  home: string;
  layout: Layout;
  artifacts: Artifacts;
  runs: Runs;
  locks: Locks;
  last: LastFingerprints;
  stats: StatCache;
}>;

/** What the store takes from the world besides the disk. */
export type StoreEffects = Readonly<{
  now(): Date;
  /** From 0 up to 1. */
  random(): number;
  pid: number;
  host: string;
  /** How this process was started, for whoever has to wait for it. */
  command: string;
}>;

/** @param home - The state directory; it is made by the first that writes, and not by looking. */
export function openStore(home: string, effects: StoreEffects): Result<Store, Failure> {
  const layout = layoutOf(resolve(home));
  const found = onDisk(layout.home, () => statSync(layout.home, {throwIfNoEntry: false}));
  if (!found.ok) return found;
  if (found.value !== undefined && !found.value.isDirectory()) return err(isNoFolder(layout.home));

  const {now, random, pid, host, command} = effects;
  const startTime = startTimeOf(pid) ?? 'unknown';
  const self = (): ProcessNote => ({pid, startTime, host, command, since: now().toISOString()});
  const stats = createStatCache(layout);
  const artifacts = createArtifacts({layout, stats, self});
  const runs = createRuns({layout, self, now, random});
  const last = createLast({layout, runs, find: artifacts.find});
  return ok({home: layout.home, layout, artifacts, runs, locks: createLocks(layout, self), last, stats});
}

function isNoFolder(path: string): Failure {
  return {
    reason: 'system',
    code: 'ENOTDIR',
    path,
    message: `${path}: a file is in the way of the state folder`,
    hint: 'move the file away; to keep the state elsewhere, use --home or PIPELINE_HOME',
  };
}
