import {dirname} from 'node:path';
import type {ArtifactRecord} from '../model/artifact.js';
import type {Fingerprint} from '../model/decision.js';
import type {Failure} from '../model/failure.js';
import type {Result} from '../model/result.js';
import type {Digest, RunName, StageId} from '../model/stage.js';
import type {Layout} from './layout.js';
import {isSystemError, onDisk} from './on-disk.js';
import {readJson} from './read-json.js';
import type {Runs} from './runs.js';
import {isFingerprint, isObject, isText} from './shapes.js';
import {makeFolder, writeWhole} from './write-file.js';

/**
 * What each stage of a pipeline was made of the last time it succeeded: what a decision compares with. An index that
 * may be deleted: it is then read from the runs once more. Two runs of one pipeline at a time may overwrite each
 * other's line, which costs no more than a reason that compares with the run before.
 */
export type LastFingerprints = Readonly<{
  /** Null when the stage never succeeded in this pipeline. @throws System errors from reading it from the runs again. */
  of(pipeline: string, stage: StageId): LastSeen | null;
  record(pipeline: string, stage: StageId, seen: LastSeen): Result<null, Failure>;
}>;

export type LastSeen = Readonly<{fingerprint: Fingerprint; run: RunName}>;

type LastFile = Readonly<{schema: 'pipeline/last/v1'; stages: Readonly<Record<string, LastSeen>>}>;

export function createLast(tools: {
  layout: Layout;
  runs: Runs;
  find(fingerprint: Digest): ArtifactRecord | null;
}): LastFingerprints {
  const {layout} = tools;
  const known = new Map<string, LastFile['stages']>();
  function read(pipeline: string): LastFile['stages'] {
    // The file is read each time, since another run may have written it; the runs behind it are read once.
    const stages = readFile(layout.last(pipeline)) ?? known.get(pipeline) ?? rebuild(pipeline, tools);
    known.set(pipeline, stages);
    return stages;
  }

  return {
    of: (pipeline, stage) => read(pipeline)[stage] ?? null,
    record(pipeline, stage, seen) {
      const path = layout.last(pipeline);
      return onDisk(path, () => {
        const stages = read(pipeline);
        if (stages[stage]?.fingerprint.digest === seen.fingerprint.digest) return null;
        const file: LastFile = {schema: 'pipeline/last/v1', stages: {...stages, [stage]: seen}};
        makeFolder(layout, dirname(path));
        writeWhole(path, `${JSON.stringify(file)}\n`, {durable: false});
        return null;
      });
    },
  };
}

function readFile(path: string): LastFile['stages'] | null {
  try {
    return readJson(path, isLastFile)?.stages ?? null;
  } catch (error) {
    if (isSystemError(error)) return null;
    throw error;
  }
}

function isLastFile(value: unknown): value is LastFile {
  const isSeen = (seen: unknown): boolean =>
    isObject(seen) && isFingerprint(seen['fingerprint']) && isText(seen['run']);
  return isObject(value) && isObject(value['stages']) && Object.values(value['stages']).every(isSeen);
}

function rebuild(
  pipeline: string,
  {runs, find}: {runs: Runs; find(fingerprint: Digest): ArtifactRecord | null},
): LastFile['stages'] {
  const rows = runs.list();
  const stages: Record<string, LastSeen> = {};
  for (const {record} of rows.ok ? rows.value : []) {
    if (record.pipeline !== pipeline) continue;
    for (const {id, outcome} of record.stages) {
      if (stages[id] !== undefined || outcome?.status !== 'succeeded') continue;
      const artifact = find(outcome.fingerprint);
      if (artifact !== null) stages[id] = {fingerprint: artifact.fingerprint, run: record.run};
    }
  }
  return stages;
}
