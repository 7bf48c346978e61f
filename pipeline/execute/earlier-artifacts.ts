import {usedParams} from '../cache/fingerprint.js';
import type {ArtifactRecord} from '../model/artifact.js';
import {canonicalJson} from '../model/json.js';
import type {Store} from '../store/store.js';
import type {RunOrder} from './schedule.js';

/**
 * What the stage made when it last succeeded in this pipeline, if only its inputs were others: a stage that works row by
 * row takes over what still holds. What is damaged is not offered.
 */
export async function earlierArtifacts(
  {stage, inspection}: RunOrder,
  {pipeline, store}: Readonly<{pipeline: string; store: Pick<Store, 'artifacts' | 'last'>}>,
): Promise<readonly ArtifactRecord[]> {
  const last = store.last.of(pipeline, stage.id);
  if (last === null || last.fingerprint.digest === inspection.fingerprint.digest) return [];
  const {uses, version, params} = last.fingerprint.parts;
  const isAlike = uses === stage.kind.uses && version === stage.kind.version;
  if (!isAlike || canonicalJson(params) !== canonicalJson(usedParams(stage))) return [];
  const record = store.artifacts.find(last.fingerprint.digest);
  if (record === null || (await store.artifacts.verify(record)).length > 0) return [];
  return [record];
}
