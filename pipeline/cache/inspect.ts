import type {ArtifactRecord} from '../model/artifact.js';
import type {Decision, Fingerprint} from '../model/decision.js';
import type {Failure} from '../model/failure.js';
import {err, type Result} from '../model/result.js';
import type {DeclaredFile, Digest, Stage, StageId} from '../model/stage.js';
import {onDiskAsync} from '../store/on-disk.js';
import type {Store} from '../store/store.js';
import {decide} from './decide.js';
import {fingerprintOf} from './fingerprint.js';
import type {FolderChange} from './folder-change.js';
import type {Hasher} from './hash.js';

/** Where decisions take their facts from. Looking writes nothing. */
export type Facts = Readonly<{
  store: Store;
  hasher: Hasher;
  /** The configuration's name: `last` is kept for each. */
  pipeline: string;
  environment: Readonly<Record<string, string | undefined>>;
}>;

/** A stage whose needs are settled: what it is made of, and what to do with it. */
export type Inspection = Readonly<{
  fingerprint: Fingerprint;
  decision: Decision;
  /** The artifact of this fingerprint, damaged or not. */
  found: ArtifactRecord | null;
}>;

export type InspectRequest = Readonly<{
  stage: Stage;
  /** The output digest of every stage it needs. */
  needs: ReadonlyMap<StageId, Digest>;
  forced: boolean;
}>;

/** @returns a Failure when a declared file or the state directory cannot be read. */
export async function inspectStage(
  request: InspectRequest,
  facts: Facts,
): Promise<Result<Inspection, Failure>> {
  const {files, missing} = await hashFiles(request.stage, facts.hasher);
  const [first] = missing;
  if (first !== undefined) return err(first.failure);
  return onDiskAsync(facts.store.home, () => inspectHashed({...request, files}, facts));
}

/** The same for a stage whose declared files are hashed already. @throws System errors from the state directory. */
export async function inspectHashed(
  request: InspectRequest & Readonly<{files: Readonly<Record<string, Digest>>}>,
  {store, hasher, pipeline, environment}: Facts,
): Promise<Inspection> {
  const {stage, forced} = request;
  const fingerprint = fingerprintOf({...request, environment});
  const found = store.artifacts.find(fingerprint.digest);
  const decision = decide({
    ...{stage, fingerprint, found, forced},
    last: store.last.of(pipeline, stage.id),
    damaged: found === null ? [] : await store.artifacts.verify(found),
    resumable: store.artifacts.resumable(fingerprint.digest),
    folderChange: folderChangeOf(stage, hasher),
  });
  return {fingerprint, decision, found};
}

/** A declared file without a digest: it is not there, or cannot be read. */
export type MissingFile = Readonly<{file: DeclaredFile; failure: Failure}>;

export async function hashFiles(
  stage: Stage,
  hasher: Hasher,
): Promise<{files: Record<string, Digest>; missing: readonly MissingFile[]}> {
  const files: Record<string, Digest> = {};
  const missing: MissingFile[] = [];
  for (const file of stage.files) {
    const digest = await hasher.digest(file.path, stage.id);
    if (digest.ok) files[file.param] = digest.value;
    else missing.push({file, failure: digest.error});
  }
  return {files, missing};
}

export function folderChangeOf(
  stage: Stage,
  hasher: Hasher,
): (param: string, before: Digest) => FolderChange | null {
  return (param, before) => {
    const file = stage.files.find((declared) => declared.param === param);
    return file === undefined ? null : hasher.changeSince(file.path, before);
  };
}
