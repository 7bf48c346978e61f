import {
  closeSync,
  existsSync,
  fchmodSync,
  fstatSync,
  fsync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import {promisify} from 'node:util';
import type {ArtifactRecord, OutputFile} from '../model/artifact.js';
import type {Failure} from '../model/failure.js';
import {err, ok, type Result} from '../model/result.js';
import {forgetAttempts} from './attempts.js';
import {hashFile, stateOf} from './hash-file.js';
import {ARTIFACT_RECORD, type Layout} from './layout.js';
import {isSystemError} from './on-disk.js';
import {listOutputs} from './output-files.js';
import {inParallel} from './parallel.js';
import {digestOfFiles} from './sha256.js';
import type {StatCache} from './stat-cache.js';
import {type TableRow, tableOf} from './stat-table.js';
import {artifactSet, verifyOutputs} from './verify.js';
import {syncFolder} from './write-file.js';

/** What the executor knows of a stage that has ended well; the store adds the rest of the record. */
export type StageStory = Pick<
  ArtifactRecord,
  | 'uses'
  | 'type'
  | 'decision'
  | 'inputs'
  | 'startedAt'
  | 'finishedAt'
  | 'seconds'
  | 'tainted'
  | 'summary'
  | 'sources'
>;

type CommitRequest = Readonly<{
  layout: Layout;
  stats: StatCache;
  identity: Pick<ArtifactRecord, 'id' | 'fingerprint' | 'run' | 'attempt' | 'resumedFrom'>;
  story: StageStory;
  /** The artifact that is in the place by now. */
  found(): ArtifactRecord | null;
  fresh: boolean;
}>;

/**
 * Outputs made durable and hashed, record written, folder renamed, in this order: killed at any point, the artifact is
 * either as before or complete.
 * @throws System errors.
 */
export async function commitAttempt(request: CommitRequest): Promise<Result<ArtifactRecord, Failure>> {
  const {layout, stats, identity} = request;
  const {digest} = identity.fingerprint;
  const attempt = layout.attempt(digest, identity.attempt);
  const tree = listOutputs(attempt);
  if (!tree.ok) return err({reason: 'invalid-input', diagnostics: tree.error});

  await inParallel(tree.value.files, 4, (path) => settleFile(join(attempt, path)));
  const rows = await inParallel(tree.value.files, 2, async (path) => ({
    ...(await hashFile(join(attempt, path))),
    name: path,
  }));
  const outputs = rows.map(({name, bytes, sha256}): OutputFile => ({path: name, bytes, sha256}));
  const record = recordOf(request, outputs);
  writeRecord(join(attempt, ARTIFACT_RECORD), record);
  for (const folder of tree.value.folders) syncFolder(join(attempt, folder));

  const kept = await goodArtifact(request, record);
  if (kept === null) putInPlace(layout, request);
  else rmSync(attempt, {recursive: true, force: true});
  // Only now: until the rename, an attempt that is cut short goes on from it.
  forgetAttempts(layout, digest);
  if (kept === null) {
    const settled = rows.map((row) => withLastState(row, layout.artifact(digest)));
    stats.put(artifactSet(digest), tableOf(settled, record.output));
  }
  return ok(kept ?? record);
}

/**
 * The state of an output at the end. What was linked from the resume folder has lost that name since it was hashed, which
 * changes its ctime and nothing else: without this, gigabytes would be read again the next time.
 */
function withLastState(row: TableRow, folder: string): TableRow {
  if (row.state === null) return row;
  const last = statSync(join(folder, row.name));
  const isSame =
    last.size === row.state.size && last.mtimeMs === row.state.mtimeMs && last.ino === row.state.ino;
  return isSame ? {...row, state: stateOf(last)} : row;
}

/**
 * Durable, and read-only from now on, so that a slip of the hand is refused. The folder stays writable: the user can
 * still remove it with rm -r.
 */
async function settleFile(path: string): Promise<void> {
  // Only what waits for the disk is handed over to the pool: each time costs more than opening a file.
  const descriptor = openSync(path, 'r');
  try {
    fchmodSync(descriptor, fstatSync(descriptor).mode & 0o7777 & ~0o222);
    await promisify(fsync)(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function recordOf({identity, story}: CommitRequest, outputs: readonly OutputFile[]): ArtifactRecord {
  const {id, fingerprint, run, attempt, resumedFrom} = identity;
  return {
    schema: 'pipeline/stage/v1',
    id,
    uses: story.uses,
    type: story.type,
    output: digestOfFiles(outputs),
    run,
    attempt,
    resumedFrom,
    startedAt: story.startedAt,
    finishedAt: story.finishedAt,
    seconds: story.seconds,
    decision: story.decision,
    summary: story.summary,
    tainted: story.tainted,
    fingerprint,
    inputs: story.inputs,
    outputs,
    sources: story.sources,
  };
}

function writeRecord(path: string, record: ArtifactRecord): void {
  const descriptor = openSync(path, 'w', 0o444);
  try {
    writeFileSync(descriptor, `${JSON.stringify(record, null, 2)}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** An artifact in the place that is undamaged stays; a forced run's result takes its place if it differs. */
async function goodArtifact(request: CommitRequest, made: ArtifactRecord): Promise<ArtifactRecord | null> {
  const found = request.found();
  if (found === null || (request.fresh && found.output !== made.output)) return null;
  const folder = request.layout.artifact(found.fingerprint.digest);
  const damaged = await verifyOutputs({record: found, folder, stats: request.stats});
  return damaged.length === 0 ? found : null;
}

/** Between the two renames there is only the old artifact under its second name, where `find` looks too. */
function putInPlace(layout: Layout, {identity}: CommitRequest): void {
  const {digest} = identity.fingerprint;
  const [place, aside] = [layout.artifact(digest), layout.replaced(digest)];
  for (let tries = 1; ; tries++) {
    if (existsSync(place)) {
      rmSync(aside, {recursive: true, force: true});
      renameSync(place, aside);
    }
    try {
      renameSync(layout.attempt(digest, identity.attempt), place);
      break;
    } catch (error) {
      // Somebody who looked for the artifact just now has put the old one back: set it aside again.
      if (!isSystemError(error, 'ENOTEMPTY', 'EEXIST') || tries === 3) throw error;
    }
  }
  syncFolder(layout.artifacts);
  rmSync(aside, {recursive: true, force: true});
}
