import * as z from 'zod';

/** What the schema at fault knows and zod's issue does not say. It travels in the issue's message. */
export type Note = Readonly<{
  /** The keys that a map may have. */
  keys: readonly string[];
  /** Whether a number has to be a whole one. */
  whole: boolean;
}>;

/** No text that is written beside a schema begins like this. */
const OURS = '\u0000';

/** zod's `error` parameter: stands in for its own words, not for those that a schema's author wrote. */
export function writeNote({inst}: z.core.$ZodRawIssue): string {
  const keys = inst instanceof z.ZodObject ? Object.keys(inst.shape) : [];
  const note: Note = {keys, whole: inst instanceof z.ZodNumber && inst.format === 'safeint'};
  return OURS + JSON.stringify(note);
}

/** Whether zod's own words are to be put into ours; else a schema's author wrote the message. */
export function isOurs({message}: {readonly message: string}): boolean {
  return message.startsWith(OURS);
}

/** The note of an issue; empty when the message was written beside the schema. */
export function readNote(issue: {readonly message: string}): Note {
  return isOurs(issue) ? (JSON.parse(issue.message.slice(OURS.length)) as Note) : {keys: [], whole: false};
}
