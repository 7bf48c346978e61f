import {fault} from '../model/diagnostic.js';
import type {Event} from '../model/event.js';
import type {Failure} from '../model/failure.js';
import {err, ok, type Result} from '../model/result.js';
import {onDisk} from './on-disk.js';
import {readLines} from './read-lines.js';
import {isEvent} from './shapes.js';

/** The events of a journal, and where to go on reading once there are more. */
export type EventsRead = Readonly<{events: readonly Event[]; nextByte: number}>;

/**
 * Reads whole lines; what follows the last line feed is being written, or was torn by a kill, and is left for later.
 * @param path - Of events.ndjson.
 * @param fromByte - An earlier `nextByte`, to follow a run that is under way.
 * @returns invalid-input when a whole line is no event: the file was edited or damaged.
 */
export function readEvents(path: string, fromByte = 0): Result<EventsRead, Failure> {
  const read = onDisk(path, () => readLines(path, fromByte));
  if (!read.ok) return read;
  const {lines, nextByte} = read.value;
  const events: Event[] = [];
  for (const [index, line] of lines.entries()) {
    const event = eventOf(line);
    if (event === null) return err(notAnEvent({path, line: fromByte === 0 ? index + 1 : null, text: line}));
    events.push(event);
  }
  return ok({events, nextByte});
}

function eventOf(line: string): Event | null {
  try {
    const value: unknown = JSON.parse(line);
    return isEvent(value) ? value : null;
  } catch {
    return null;
  }
}

function notAnEvent({path, line, text}: {path: string; line: number | null; text: string}): Failure {
  const location = line === null ? null : {file: path, line, column: 1, length: text.length};
  const message = `${path} holds a line that is no event: was the file edited?`;
  return {reason: 'invalid-input', diagnostics: [fault(message, location)]};
}
