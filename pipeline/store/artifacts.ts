import {mkdirSync, readdirSync, renameSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import type {ArtifactRecord, Damage, EarlierAttempt} from '../model/artifact.js';
import type {Fingerprint} from '../model/decision.js';
import type {Failure} from '../model/failure.js';
import {err, ok, type Result} from '../model/result.js';
import type {Digest, RunName, StageId} from '../model/stage.js';
import {
  type AttemptNote,
  forgetAttempts,
  livingProcesses,
  readAttempts,
  resumableFrom,
  writeAttempts,
} from './attempts.js';
import {commitAttempt, type StageStory} from './commit.js';
import {ARTIFACT_RECORD, type Layout} from './layout.js';
import {isSystemError, onDisk, onDiskAsync} from './on-disk.js';
import type {ProcessIdentity, ProcessNote} from './processes.js';
import {readJson} from './read-json.js';
import {isArtifactRecord} from './shapes.js';
import type {StatCache} from './stat-cache.js';
import {verifyOutputs} from './verify.js';
import {makeFolder} from './write-file.js';

/** Immutable folders named by fingerprint. `layout.artifact(digest)` is where one lies. */
export type Artifacts = Readonly<{
  /** By its stage.json alone; null when there is none. @throws System errors other than absence. */
  find(fingerprint: Digest): ArtifactRecord | null;
  /** Outputs that are not as recorded, in order of path. Files whose state is known are not read again. */
  verify(record: ArtifactRecord): Promise<readonly Damage[]>;
  /** What the next attempt would go on from; null when it would begin at the beginning. */
  resumable(fingerprint: Digest): EarlierAttempt | null;
  /** Processes that a killed driver left at work on this fingerprint. End them before `begin`. */
  orphans(fingerprint: Digest): readonly ProcessNote[];
  /** The caller holds the lock `stage-<digest>`. Fails with EBUSY while orphans live. */
  begin(request: BeginRequest): Result<Attempt, Failure>;
}>;

export type BeginRequest = Readonly<{
  stage: StageId;
  fingerprint: Fingerprint;
  run: RunName;
  /** Forced: nothing of earlier attempts is used, and the result replaces a good artifact that differs. */
  fresh: boolean;
}>;

/** One try to make an artifact. Ends with `commit` or `abandon`; what is killed before leaves only what `begin` clears. */
export type Attempt = Readonly<{
  number: number;
  /** Absolute; becomes the artifact. */
  out: string;
  /** Absolute; kept until there is an artifact. */
  resume: string;
  resumedFrom: EarlierAttempt | null;
  /** Notes a process that may outlive the driver, so that a later run finds it. */
  noteChild(child: ProcessIdentity & Readonly<{command: string}>): Result<null, Failure>;
  commit(story: StageStory): Promise<Result<ArtifactRecord, Failure>>;
  abandon(): Result<null, Failure>;
}>;

export function createArtifacts(tools: {layout: Layout; stats: StatCache; self(): ProcessNote}): Artifacts {
  const {layout, stats, self} = tools;
  const orphans = (fingerprint: Digest): readonly ProcessNote[] =>
    livingProcesses({layout, fingerprint, attempts: readAttempts(layout, fingerprint), self: self()});

  function begin(request: BeginRequest): Result<Attempt, Failure> {
    const {digest} = request.fingerprint;
    const busy = orphans(digest)[0];
    if (busy !== undefined) return err(isBusy(busy, layout.artifact(digest)));
    const path = layout.artifacts;
    const started = onDisk(path, () => startAttempt({layout, request, owner: self()}));
    return started.ok ? ok(attemptOf({...tools, request, started: started.value})) : started;
  }

  return {
    find: (fingerprint) => findArtifact(layout, fingerprint),
    verify: (record) => verifyOutputs({record, folder: layout.artifact(record.fingerprint.digest), stats}),
    resumable: (fingerprint) => resumableFrom(layout, fingerprint),
    orphans,
    begin,
  };
}

function findArtifact(layout: Layout, fingerprint: Digest): ArtifactRecord | null {
  const record = readRecord(layout.artifact(fingerprint));
  if (record !== null || readRecord(layout.replaced(fingerprint)) === null) return record;
  // A replacement was cut short between its two renames: the old artifact goes back to its place.
  try {
    renameSync(layout.replaced(fingerprint), layout.artifact(fingerprint));
  } catch (error) {
    if (!isSystemError(error, 'ENOENT', 'ENOTEMPTY', 'EEXIST', 'EROFS', 'EACCES')) throw error;
  }
  return readRecord(layout.artifact(fingerprint));
}

function readRecord(folder: string): ArtifactRecord | null {
  // A record that is not whole was damaged by hand: as good as no artifact, and replaced by the next one.
  try {
    return readJson(join(folder, ARTIFACT_RECORD), isArtifactRecord);
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR', 'EISDIR')) return null;
    throw error;
  }
}

type Started = Readonly<{note: AttemptNote; resumedFrom: EarlierAttempt | null}>;

function startAttempt(request: {layout: Layout; request: BeginRequest; owner: ProcessNote}): Started {
  const {layout, owner} = request;
  const {fingerprint, run, fresh} = request.request;
  const {digest} = fingerprint;
  makeFolder(layout, layout.artifacts);
  const artifact = findArtifact(layout, digest);
  clearLeftovers(layout, digest, {keepReplaced: artifact === null});

  const earlier = readAttempts(layout, digest);
  const [done, last] = [artifact?.attempt ?? 0, earlier.at(-1)?.number ?? 0];
  // Notes up to the artifact's own attempt are of a commit that was killed before it had cleared them away.
  const afresh = fresh || (artifact !== null && last <= done);
  if (afresh) forgetAttempts(layout, digest);

  const resumedFrom = resumableFrom(layout, digest);
  const note: AttemptNote = {number: Math.max(done, last) + 1, run, owner, children: []};
  makeFolder(layout, layout.resume(digest));
  writeAttempts(layout, digest, [...(afresh ? [] : earlier), note]);
  mkdirSync(layout.attempt(digest, note.number));
  return {note, resumedFrom};
}

/** Attempts of dead processes, and an artifact that has been replaced. */
function clearLeftovers(layout: Layout, fingerprint: Digest, {keepReplaced}: {keepReplaced: boolean}): void {
  for (const name of readdirSync(layout.artifacts)) {
    const stale = name.startsWith(`${fingerprint}.attempt-`);
    const replaced = name === `${fingerprint}.old` && !keepReplaced;
    if (stale || replaced) rmSync(join(layout.artifacts, name), {recursive: true, force: true});
  }
}

function attemptOf(tools: {
  layout: Layout;
  stats: StatCache;
  self(): ProcessNote;
  request: BeginRequest;
  started: Started;
}): Attempt {
  const {layout, stats, self, request, started} = tools;
  const {digest} = request.fingerprint;
  const {number} = started.note;
  const out = layout.attempt(digest, number);
  let {children} = started.note;

  function noteChild(child: ProcessIdentity & Readonly<{command: string}>): Result<null, Failure> {
    const {host} = started.note.owner;
    children = [...children, {...child, host, since: self().since}];
    return onDisk(layout.attempts(digest), () => {
      const earlier = readAttempts(layout, digest).filter((note) => note.number !== number);
      writeAttempts(layout, digest, [...earlier, {...started.note, children}]);
      return null;
    });
  }

  async function commit(story: StageStory): Promise<Result<ArtifactRecord, Failure>> {
    const {stage: id, fingerprint, run, fresh} = request;
    const identity = {id, fingerprint, run, attempt: number, resumedFrom: started.resumedFrom};
    const found = () => findArtifact(layout, digest);
    const done = await onDiskAsync(out, () => commitAttempt({layout, stats, identity, story, found, fresh}));
    return done.ok ? done.value : done;
  }

  function abandon(): Result<null, Failure> {
    return onDisk(out, () => {
      rmSync(out, {recursive: true, force: true});
      return null;
    });
  }

  return {
    number,
    out,
    resume: layout.resume(digest),
    resumedFrom: started.resumedFrom,
    noteChild,
    commit,
    abandon,
  };
}

function isBusy(by: ProcessNote, path: string): Failure {
  return {
    reason: 'system',
    code: 'EBUSY',
    path,
    message: `process ${by.pid} (${by.command}) still works on an earlier attempt at this stage`,
    hint: `wait for it, or end it: kill ${by.pid}`,
  };
}
