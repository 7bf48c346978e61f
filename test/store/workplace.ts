import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {existsSync, mkdtempSync, realpathSync, rmSync, writeFileSync} from 'node:fs';
import {hostname, tmpdir} from 'node:os';
import {join} from 'node:path';
import type {ArtifactRecord} from '../../pipeline/model/artifact.js';
import type {Fingerprint, FingerprintParts} from '../../pipeline/model/decision.js';
import type {Failure} from '../../pipeline/model/failure.js';
import {canonicalJson} from '../../pipeline/model/json.js';
import type {Result} from '../../pipeline/model/result.js';
import type {RunName, StageId} from '../../pipeline/model/stage.js';
import type {StageStory} from '../../pipeline/store/commit.js';
import {digestOf} from '../../pipeline/store/sha256.js';
import {openStore, type Store, type StoreEffects} from '../../pipeline/store/store.js';

/** A folder of its own with a state directory in it, removed afterwards. */
export async function inFolder(body: (folder: string) => Promise<void> | void): Promise<void> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'pipeline-store-')));
  try {
    await body(folder);
  } finally {
    rmSync(folder, {recursive: true, force: true, maxRetries: 3});
  }
}

export function storeIn(folder: string, effects: StoreEffects = systemEffects()): Store {
  return expectOk(openStore(join(folder, 'state'), effects));
}

/** This process, this machine, this moment. */
export function systemEffects(): StoreEffects {
  const {pid, argv} = process;
  const command = ['pipeline', ...argv.slice(2)].join(' ');
  return {now: () => new Date(), random: Math.random, pid, host: hostname(), command};
}

export function expectOk<T>(result: Result<T, unknown>): T {
  assert.ok(result.ok, `unexpected failure: ${JSON.stringify(result)}`);
  return result.value;
}

/** What the system said no to. */
export function systemFailureOf(result: Result<unknown, unknown>): Extract<Failure, {reason: 'system'}> {
  assert.ok(!result.ok, 'it was to fail');
  const failure = result.error as Failure;
  assert.equal(failure.reason, 'system', JSON.stringify(failure));
  return failure as Extract<Failure, {reason: 'system'}>;
}

export const RUN = 'calm-carina' as RunName;
export const STAGE = 'train' as StageId;

export function fingerprint(changed: Partial<FingerprintParts> = {}): Fingerprint {
  const parts: FingerprintParts = {
    schema: 1,
    uses: 'train',
    version: 1,
    params: {},
    files: {},
    needs: {},
    environment: {},
    ...changed,
  };
  return {digest: digestOf(canonicalJson(parts)), parts};
}

export const STORY: StageStory = {
  uses: 'train',
  type: 'model',
  decision: {action: 'run', because: [{code: 'first-run', text: 'first run'}]},
  inputs: [],
  startedAt: '2026-01-05T10:00:00.000Z',
  finishedAt: '2026-01-05T10:00:02.000Z',
  seconds: 2,
  tainted: [],
  summary: {epochs: 3},
  sources: {},
};

/** Makes an artifact of these files, which begins afresh when told. */
export async function make(
  store: Store,
  files: Readonly<Record<string, string>>,
  {fresh = false, of = fingerprint()} = {},
): Promise<ArtifactRecord> {
  const attempt = expectOk(store.artifacts.begin({stage: STAGE, fingerprint: of, run: RUN, fresh}));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(attempt.out, name), text);
  return expectOk(await attempt.commit(STORY));
}

/**
 * Runs the body with a small file system mounted at `folder/mounted`.
 * @returns false where this is not allowed: only root may mount.
 */
export async function withMount(
  {folder, options}: {folder: string; options: string},
  body: (path: string, remount: (options: string) => void) => Promise<void>,
): Promise<boolean> {
  const path = join(folder, 'mounted');
  const mount = (...args: string[]) => spawnSync('mount', [...args, path], {stdio: 'ignore'}).status === 0;
  spawnSync('mkdir', [path]);
  if (!mount('-t', 'tmpfs', '-o', options, 'tmpfs')) return false;
  try {
    await body(path, (changed) => assert.ok(mount('-o', `remount,${changed}`)));
  } finally {
    spawnSync('umount', [path], {stdio: 'ignore'});
  }
  return true;
}

/** Writes until nothing more goes in. @returns what to remove to have space again. */
export function fill(path: string): readonly string[] {
  const fillers: string[] = [];
  for (const size of [65_536, 4096, 1]) {
    try {
      for (let count = 0; ; count++) {
        const filler = join(path, `filler-${size}-${count}`);
        fillers.push(filler);
        writeFileSync(filler, Buffer.alloc(size));
      }
    } catch {
      // Full for files of this size.
    }
  }
  return fillers.filter((filler) => existsSync(filler));
}
