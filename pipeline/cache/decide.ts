import type {ArtifactRecord, Damage, EarlierAttempt} from '../model/artifact.js';
import type {Decision, Fingerprint, Reason} from '../model/decision.js';
import type {Digest, Stage} from '../model/stage.js';
import type {FolderChange} from './folder-change.js';
import {changeReasons} from './parts-change.js';

export type DecideRequest = Readonly<{
  stage: Stage;
  fingerprint: Fingerprint;
  /** What the stage was made of the last time it succeeded in this pipeline; null when it never did. */
  last: Readonly<{fingerprint: Fingerprint}> | null;
  /** The artifact that has this fingerprint. */
  found: ArtifactRecord | null;
  /** The outputs of `found` that are not as recorded. */
  damaged: readonly Damage[];
  forced: boolean;
  /** What a run would go on from. */
  resumable: EarlierAttempt | null;
  folderChange(param: string, before: Digest): FolderChange | null;
}>;

export const FORCED: Reason = {code: 'forced', text: 'forced'};
export const FIRST_RUN: Reason = {code: 'first-run', text: 'first run'};

/** Skip, restore or run: and every reason for it, not only the first. */
export function decide(request: DecideRequest): Decision {
  const {stage, fingerprint, last, found, damaged, forced, resumable} = request;
  const changes =
    last === null
      ? []
      : changeReasons({...request, before: last.fingerprint.parts, after: fingerprint.parts});
  const isLast = last?.fingerprint.digest === fingerprint.digest;
  const refusal = found === null ? null : (stage.kind.refuses?.(found.summary, stage.params) ?? null);
  if (found !== null && damaged.length === 0 && refusal === null && !forced) {
    if (isLast) return {action: 'skip', because: [{code: 'unchanged', text: 'unchanged'}]};
    return {action: 'restore', because: [restoredFrom(found), ...changes]};
  }

  const because: Reason[] = forced ? [FORCED] : [];
  because.push(...damaged.map(damageReason), ...changes);
  if (refusal !== null) because.push({code: 'output-refused', text: refusal});
  if (isLast && found === null) because.push(ARTIFACT_GONE);
  if (last === null && found === null) because.push(FIRST_RUN);
  // A forced run begins at the beginning.
  if (resumable !== null && !forced) because.push(resumesFrom(resumable));
  return {action: 'run', because};
}

/** Why an artifact that another run has made is taken. */
export function restoredFrom({run, finishedAt}: ArtifactRecord): Reason {
  return {code: 'restored', text: `same inputs as in run ${run} of ${finishedAt.slice(0, 10)}`};
}

function damageReason({path, is}: Damage): Reason {
  const what = {missing: 'is missing', changed: 'was changed', unreadable: 'cannot be read'}[is];
  return {code: 'output-damaged', text: `output ${path} ${what}`, subject: path};
}

const ARTIFACT_GONE: Reason = {code: 'output-damaged', text: 'its artifact is gone'};

function resumesFrom({attempt, run}: EarlierAttempt): Reason {
  return {code: 'resumes', text: `resumes attempt ${attempt} of run ${run}`};
}
