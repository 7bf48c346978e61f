import {existsSync} from 'node:fs';
import {usedParams} from '../cache/fingerprint.js';
import type {ArtifactRecord} from '../model/artifact.js';
import {canonicalJson} from '../model/json.js';
import type {Digest, Stage} from '../model/stage.js';
import {isSystemError} from '../store/on-disk.js';
import type {Store} from '../store/store.js';
import type {RunOrder} from './schedule.js';

/** How many different artifacts of a stage are looked at, and how many of them are offered. */
const [LOOKED_AT, OFFERED] = [20, 3];

export type EarlierTools = Readonly<{pipeline: string; store: Pick<Store, 'artifacts' | 'last' | 'runs'>}>;

/**
 * What the stage made in earlier runs of this pipeline, if only its inputs were others: a stage that works row by row
 * takes over what still holds. Newest first, and several, since the newest may be of a small part of the data. What is
 * damaged, tainted or cannot be read is not offered.
 */
export async function earlierArtifacts(
  {stage, inspection}: RunOrder,
  tools: EarlierTools,
): Promise<readonly ArtifactRecord[]> {
  const offered: ArtifactRecord[] = [];
  for (const digest of fingerprintsOf(stage, tools)) {
    if (digest === inspection.fingerprint.digest) continue;
    const record = await goodArtifact(digest, {stage, ...tools});
    if (record !== null) offered.push(record);
    if (offered.length === OFFERED) break;
  }
  return offered;
}

/** Of its artifacts, newest first. The index of the last ones knows the newest without any run. */
function fingerprintsOf({id}: Stage, {pipeline, store}: EarlierTools): readonly Digest[] {
  const last = store.last.of(pipeline, id);
  const found = new Set(last === null ? [] : [last.fingerprint.digest]);
  const runs = store.runs.list();
  for (const {record} of runs.ok ? runs.value : []) {
    if (record.pipeline !== pipeline) continue;
    const outcome = record.stages.find((stage) => stage.id === id)?.outcome;
    if (outcome?.status === 'succeeded') found.add(outcome.fingerprint);
    if (found.size === LOOKED_AT) break;
  }
  return [...found];
}

/**
 * Where runs of this pipeline that had come to the stage may have left files of it, newest first; for each what it was
 * made of, the artifact before what was kept for another attempt. The stage's own artifact is there if it is damaged.
 */
export function leftoverFolders(
  {stage, inspection}: RunOrder,
  {pipeline, store}: Readonly<{pipeline: string; store: Pick<Store, 'layout' | 'runs'>}>,
): readonly string[] {
  const own = inspection.fingerprint.digest;
  const digests = new Set([own]);
  const runs = store.runs.list();
  for (const {record} of runs.ok ? runs.value : []) {
    if (record.pipeline !== pipeline) continue;
    const fingerprint = record.stages.find(({id}) => id === stage.id)?.fingerprint ?? null;
    if (fingerprint !== null) digests.add(fingerprint);
    if (digests.size > LOOKED_AT) break;
  }
  const {artifact, resume} = store.layout;
  return [...digests]
    .flatMap((digest) => [artifact(digest), ...(digest === own ? [] : [resume(digest)])])
    .filter((folder) => existsSync(folder));
}

async function goodArtifact(
  digest: Digest,
  {stage, store}: EarlierTools & {stage: Stage},
): Promise<ArtifactRecord | null> {
  try {
    const record = store.artifacts.find(digest);
    const isGood = record !== null && isAlike(record, stage) && record.tainted.length === 0;
    return isGood && (await store.artifacts.verify(record)).length === 0 ? record : null;
  } catch (error) {
    if (isSystemError(error)) return null;
    throw error;
  }
}

function isAlike({fingerprint}: ArtifactRecord, stage: Stage): boolean {
  const {uses, version, params} = fingerprint.parts;
  const isSameKind = uses === stage.kind.uses && version === stage.kind.version;
  return isSameKind && canonicalJson(params) === canonicalJson(usedParams(stage));
}
