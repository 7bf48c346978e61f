import type {ArtifactRecord} from '../model/artifact.js';
import type {Fingerprint} from '../model/decision.js';
import type {Event} from '../model/event.js';
import type {JobEvent} from '../model/job-event.js';
import type {RunRecord} from '../model/record.js';
import type {ProcessNote} from './processes.js';

/*
 * Whether what was read has the shape that the program writes, as far as somebody reads it. By hand: every command
 * reads some of these files, and zod takes longer to load than most commands take.
 */

/** A stage.json. */
export function isArtifactRecord(value: unknown): value is ArtifactRecord {
  return (
    isObject(value) &&
    value['schema'] === 'pipeline/stage/v1' &&
    hasTexts(value, 'id', 'uses', 'type', 'output', 'run', 'startedAt', 'finishedAt') &&
    hasNumbers(value, 'seconds', 'attempt') &&
    isFingerprint(value['fingerprint']) &&
    isListOf(value['outputs'], (file) => isObject(file) && hasTexts(file, 'path', 'sha256')) &&
    isListOf(value['inputs'], (input) => isObject(input) && hasTexts(input, 'stage', 'type', 'output')) &&
    isListOf(value['tainted'], isText) &&
    isDecision(value['decision']) &&
    isObject(value['summary']) &&
    isObject(value['sources'])
  );
}

/** What a stage was made of, as kept beside artifacts and in the index of the last ones. */
export function isFingerprint(value: unknown): value is Fingerprint {
  if (!isObject(value) || !isText(value['digest'])) return false;
  const parts = value['parts'];
  const maps = ['params', 'files', 'needs', 'environment'];
  return isObject(parts) && hasTexts(parts, 'uses') && maps.every((name) => isObject(parts[name]));
}

/** A run.json. */
export function isRunRecord(value: unknown): value is RunRecord {
  return (
    isObject(value) &&
    value['schema'] === 'pipeline/run/v1' &&
    hasTexts(value, 'run', 'pipeline', 'host', 'startedAt', 'status') &&
    isConfigNote(value['config']) &&
    isListOf(value['argv'], isText) &&
    isNullOr(value['message'], isText) &&
    isNullOr(value['finishedAt'], isText) &&
    isNullOr(value['seconds'], isNumber) &&
    isObject(value['tags']) &&
    isListOf(value['stages'], isStageRecord)
  );
}

function isStageRecord(value: unknown): boolean {
  return (
    isObject(value) &&
    hasTexts(value, 'id') &&
    hasNumbers(value, 'attempts') &&
    isNullOr(value['seconds'], isNumber) &&
    isNullOr(value['decision'], isDecision) &&
    isNullOr(value['outcome'], isOutcome) &&
    isListOf(value['warnings'], isText)
  );
}

/** A line of events.ndjson. Of what it says about a stage only the stage is looked at. */
export function isEvent(value: unknown): value is Event {
  if (!isObject(value) || !hasNumbers(value, 'seq') || !hasTexts(value, 'at', 'type')) return false;
  switch (value['type']) {
    case 'run-started':
      return (
        hasTexts(value, 'run', 'pipeline') &&
        isConfigNote(value['config']) &&
        isListOf(value['stages'], isText)
      );
    case 'run-finished':
      return hasTexts(value, 'status');
    case 'run-stopping':
      return true;
    case 'stage-finished':
      return hasTexts(value, 'stage') && isOutcome(value['outcome']);
    case 'stage-decided':
      return hasTexts(value, 'stage') && isDecision(value['decision']);
    case 'job-event':
      return hasTexts(value, 'stage') && isObject(value['event']);
    default:
      return hasTexts(value, 'stage');
  }
}

/** A line of a job's journal, as far as somebody reads it without the dispatcher. */
export function isJobEvent(value: unknown): value is JobEvent {
  if (!isObject(value) || !hasNumbers(value, 'at') || !isText(value['type'])) return false;
  switch (value['type']) {
    case 'started':
      return hasNumbers(value, 'pid', 'attempt') && isListOf(value['argv'], isText);
    case 'device':
      return hasNumbers(value, 'ranks') && hasTexts(value, 'name', 'description', 'because');
    case 'log':
      return hasTexts(value, 'line');
    case 'warning':
      return hasTexts(value, 'text');
    case 'progress':
      return hasNumbers(value, 'done', 'total') && hasTexts(value, 'unit');
    case 'steps':
      return (
        hasNumbers(value, 'epoch', 'first_step', 'images', 'learning_rate') &&
        isListOf(value['losses'], (loss) => isNullOr(loss, isNumber)) &&
        isListOf(value['step_seconds'], isNumber)
      );
    case 'epoch':
      return hasNumbers(value, 'epoch', 'of') && isObject(value['metrics']);
    case 'checkpoint':
      return hasNumbers(value, 'step', 'bytes');
    case 'summary':
      return isObject(value['facts']);
    default:
      return value['type'] === 'exited';
  }
}

/** The note of a process beside what it owns. */
export function isProcessNote(value: unknown): value is ProcessNote {
  return (
    isObject(value) && hasNumbers(value, 'pid') && hasTexts(value, 'startTime', 'host', 'command', 'since')
  );
}

function isDecision(value: unknown): boolean {
  return (
    isObject(value) &&
    hasTexts(value, 'action') &&
    isListOf(value['because'], (reason) => isObject(reason) && hasTexts(reason, 'text'))
  );
}

function isOutcome(value: unknown): boolean {
  if (!isObject(value)) return false;
  switch (value['status']) {
    case 'succeeded':
      return (
        hasTexts(value, 'how', 'fingerprint', 'output') &&
        isListOf(value['tainted'], isText) &&
        isObject(value['summary'])
      );
    case 'failed':
      return isObject(value['failure']) && hasTexts(value['failure'], 'reason');
    case 'cancelled':
      return isText(value['because']) || isObject(value['because']);
    default:
      return false;
  }
}

function isConfigNote(value: unknown): boolean {
  return isObject(value) && hasTexts(value, 'file', 'digest');
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isListOf(value: unknown, isItem: (item: unknown) => boolean): value is readonly unknown[] {
  return Array.isArray(value) && value.every(isItem);
}

export function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}

export function isNullOr(value: unknown, isShape: (value: unknown) => boolean): boolean {
  return value === null || isShape(value);
}

function hasTexts(value: Readonly<Record<string, unknown>>, ...names: readonly string[]): boolean {
  return names.every((name) => isText(value[name]));
}

function hasNumbers(value: Readonly<Record<string, unknown>>, ...names: readonly string[]): boolean {
  return names.every((name) => isNumber(value[name]));
}
