import {join} from 'node:path';
import type {Digest, RunName, StageId} from '../model/stage.js';
import {digestOf} from './sha256.js';

/** Where everything lies in the state directory: every path, absolute, as a function. Nothing is touched. */
export type Layout = ReturnType<typeof layoutOf>;

/** @param home - The state directory, absolute. */
export function layoutOf(home: string) {
  const run = (name: RunName): string => join(home, 'runs', name);
  return {
    home,
    /** Keeps the state directory out of the user's commits. */
    ignoreFile: join(home, '.gitignore'),

    artifacts: join(home, 'artifacts'),
    artifact: (fingerprint: Digest): string => join(home, 'artifacts', fingerprint),
    attempt: (fingerprint: Digest, number: number): string =>
      join(home, 'artifacts', `${fingerprint}.attempt-${number}.tmp`),
    /** Where an artifact stays while another one takes its place; found again if that is cut short. */
    replaced: (fingerprint: Digest): string => join(home, 'artifacts', `${fingerprint}.old`),

    resumeFolders: join(home, 'resume'),
    resume: (fingerprint: Digest): string => join(home, 'resume', fingerprint),
    /** Of a stage that is a job of the runtime agent. */
    job: (fingerprint: Digest): string => join(home, 'resume', fingerprint, JOB_FOLDER),
    attempts: (fingerprint: Digest): string => join(home, 'resume', `${fingerprint}.json`),

    runs: join(home, 'runs'),
    run,
    runArtifact: (name: RunName, stage: StageId): string => join(run(name), 'artifacts', fileName(stage)),

    locks: join(home, 'locks'),
    lock: (name: string): string => join(home, 'locks', `${encodeURIComponent(name)}.lock`),

    last: (pipeline: string): string => join(home, 'last', `${encodeURIComponent(pipeline)}.json`),
    /** One table of the stat cache; `key` is short and safe as a file name. */
    statTable: (key: string): string => join(home, 'cache', 'stat', key),
  } as const;
}

/** In the resume folder of a stage: what its agent writes. */
export const JOB_FOLDER = 'job';

/** A member's name may hold the path of a file, and be longer than a file system allows. */
function fileName(stage: StageId): string {
  const name = stage.replace(/[^A-Za-z0-9._=,+~[\]-]/gu, encodeURIComponent);
  return name.length <= 200 ? name : `${name.slice(0, 180)}~${digestOf(stage).slice(0, 16)}`;
}

/** Files of a run folder, relative to it. Plain names, so that a copied run folder is read like one at home. */
export const RUN_FILES = {
  record: 'run.json',
  events: 'events.ndjson',
  process: 'process.json',
  config: 'config.resolved.yaml',
  environment: 'environment.json',
  source: 'source.patch',
  report: 'report.html',
  stopRequest: 'stop-request.json',
} as const;

/** Describes an artifact; lies in its folder and is no output. */
export const ARTIFACT_RECORD = 'stage.json';
