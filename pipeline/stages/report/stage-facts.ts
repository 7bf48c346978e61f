import {readFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import type {ArtifactFacts, StageFacts} from '../../../reports/facts.js';
import type {ArtifactRecord} from '../../model/artifact.js';
import type {Event} from '../../model/event.js';
import {foldEvents, type RunRecord, type StageRecord} from '../../model/record.js';
import type {ArtifactRef} from '../../model/stage-kind.js';
import {readTextIfThere} from './read.js';

/** Lines that tell nothing about decisions; there may be a million of them. */
const CHATTER = /"type":"(?:job-event|stage-progress|stage-output)"/;

/** The run so far, folded from its journal: run.json is only written anew when something ends. */
export function readRunRecord(runFolder: string): RunRecord {
  const file = join(runFolder, 'events.ndjson');
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  const events = lines.filter((line) => !CHATTER.test(line)).map((line) => JSON.parse(line) as Event);
  const record = foldEvents(events);
  if (record === null) throw new Error(`Internal error: ${file} does not begin with the start of a run`);
  return record;
}

/**
 * Every stage of the run with its decision, and what its artifact says of itself.
 * @param artifact - Any of them: the others lie beside it, named by their fingerprints.
 */
export function stageFacts(record: RunRecord, artifact: ArtifactRef): readonly StageFacts[] {
  const artifacts = dirname(artifact.path);
  return record.stages.map((stage) => {
    const made = artifactOf(stage, artifacts);
    return {
      id: stage.id,
      uses: made?.uses ?? stage.id,
      action: stage.decision?.action ?? 'skip',
      because: stage.decision?.because.map((reason) => reason.text) ?? ['not part of this run'],
      artifact: made === null ? null : artifactFacts(made),
    };
  });
}

function artifactOf({outcome, fingerprint}: StageRecord, artifacts: string): ArtifactRecord | null {
  const digest = outcome?.status === 'succeeded' ? outcome.fingerprint : fingerprint;
  const text = digest === null ? null : readTextIfThere(join(artifacts, digest, 'stage.json'));
  return text === null ? null : (JSON.parse(text) as ArtifactRecord);
}

function artifactFacts(record: ArtifactRecord): ArtifactFacts {
  return {
    type: record.type,
    fingerprint: record.fingerprint.digest,
    output: record.output,
    run: record.run,
    finishedAt: record.finishedAt,
    seconds: record.seconds,
    attempt: record.attempt,
    resumedFromAttempt: record.resumedFrom?.attempt ?? null,
    tainted: record.tainted,
    files: record.outputs.length,
    bytes: record.outputs.reduce((sum, file) => sum + file.bytes, 0),
  };
}
