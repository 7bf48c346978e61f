import {closeSync, openSync, readSync} from 'node:fs';
import {join} from 'node:path';
import type {JobEvent} from '../model/job-event.js';
import {isJsonObject, type Json, type JsonObject} from '../model/json.js';
import {decodeJobEvent, unreadableEvent} from './codec.js';

export type ExitedEvent = Extract<JobEvent, {type: 'exited'}>;

/** What a journal says so far about its latest attempt. */
export type Story = Readonly<{
  /** Of the last event that was taken. */
  seq: number;
  attempt: number | null;
  summary: JsonObject | null;
  exited: ExitedEvent | null;
}>;

export function newStory(after: number): Story {
  return {seq: after, attempt: null, summary: null, exited: null};
}

/** One more event: the story after it. */
export function advanceStory(story: Story, seq: number, event: JobEvent): Story {
  switch (event.type) {
    case 'started':
      return {seq, attempt: event.attempt, summary: null, exited: null};
    case 'summary':
      return {...story, seq, summary: event.facts};
    case 'exited':
      return {...story, seq, exited: event};
    default:
      return {...story, seq};
  }
}

/** The whole lines of a job's journal after `after`, in order; none when there is no journal. */
export function* readJournal(dir: string, after: number): Generator<readonly [seq: number, event: JobEvent]> {
  let seq = 0;
  for (const line of wholeLines(join(dir, 'journal.ndjson'))) {
    seq += 1;
    if (seq > after) yield [seq, eventOf(line)];
  }
}

function* wholeLines(path: string): Generator<string> {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch {
    return;
  }
  try {
    const buffer = Buffer.alloc(1 << 16);
    let rest = Buffer.alloc(0);
    for (let bytes = readSync(descriptor, buffer); bytes > 0; bytes = readSync(descriptor, buffer)) {
      rest = Buffer.concat([rest, buffer.subarray(0, bytes)]);
      const end = rest.lastIndexOf(10) + 1;
      if (end === 0) continue;
      yield* rest.toString('utf8', 0, end - 1).split('\n');
      rest = rest.subarray(end);
    }
  } finally {
    closeSync(descriptor);
  }
}

function eventOf(line: string): JobEvent {
  let fields: Json = null;
  try {
    fields = JSON.parse(line) as Json;
  } catch {
    // Told below, as any other line that is no event.
  }
  if (!isJsonObject(fields))
    return unreadableEvent({code: 'malformed', message: 'it is no JSON object', id: ''});
  const event = decodeJobEvent(fields);
  return event.ok ? event.value : unreadableEvent(event.error);
}
