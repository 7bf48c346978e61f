import {err, ok, type Result} from '../../model/result.js';
import {countOf, formatDuration} from '../../model/words.js';
import {type Fault, lasting, type Refusal, STOPPED, type Wrong} from './fault.js';
import {openPart, type Part} from './part.js';
import {shownUrl} from './places.js';
import type {Shelf} from './shelf.js';
import {type SizedFile, type TransferTools, transfer} from './transfer.js';
import {backOffMs, pause} from './wait.js';

export type FetchTools = TransferTools &
  Readonly<{
    shelf: Shelf;
    /** Failures in a row, without a byte more than ever before, that are forgiven. */
    retries: number;
    firstWaitMs: number;
    onBytes(bytes: number): void;
  }>;

/**
 * Fetches what is missing of a file until its SHA-256 is right; then it stands on its shelf under its name. Wrong bytes
 * are deleted and fetched once more from the start. What the disk refuses is thrown.
 */
export async function fetchFile(file: SizedFile, tools: FetchTools): Promise<Result<null, Refusal>> {
  const part = await openPart(tools.shelf, tools.onBytes);
  try {
    // Some of it may be from an earlier attempt, or from elsewhere.
    const first = await complete(part, file, {...tools, subject: 'what is here'});
    if (first.ok) return first;
    if (first.error.is !== 'wrong') return err(first.error);
    tools.onTrouble(`${first.error.message}: it is deleted and fetched once more`);
    await part.begin(null);
    const second = await complete(part, file, {...tools, subject: shownUrl(file.url)});
    if (second.ok) return second;
    if (second.error.is !== 'wrong') return err(second.error);
    await part.remove();
    return err(lasting(`${second.error.message}, also when fetched again`, second.error.hint));
  } finally {
    await part.close();
  }
}

/** Fills the part and gives it its name if it is the file. */
async function complete(
  part: Part,
  file: SizedFile,
  tools: FetchTools & Readonly<{subject: string}>,
): Promise<Result<null, Refusal | Wrong>> {
  const filled = await fill(part, file, tools);
  if (!filled.ok) return filled;
  const digest = part.digest();
  if (digest !== file.sha256) {
    const message = `${tools.subject} has the SHA-256 ${digest}, not ${file.sha256}`;
    return err({
      is: 'wrong',
      message,
      hint: 'is it another file? compare "files" and "urls" with their source',
    });
  }
  await part.finish();
  return ok(null);
}

/** Tries until the file is whole. */
async function fill(part: Part, file: SizedFile, tools: FetchTools): Promise<Result<null, Refusal | Wrong>> {
  let [failures, most] = [0, part.bytes()];
  for (;;) {
    // Also what ends with a fault may be whole: some servers announce more than they have.
    if (part.digest() === file.sha256) return ok(null);
    const transferred = await transfer(part, file, tools);
    if (transferred.ok) return transferred;
    const fault = transferred.error;
    if (fault.is !== 'passing') return err(fault);
    // A server that sends files only as a whole and breaks off at the same place every time must end too.
    if (part.bytes() > most) [failures, most] = [0, part.bytes()];
    failures++;
    if (failures > tools.retries) return err(givenUp(fault, failures));
    const {retryAfterMs} = fault;
    const ms = backOffMs(failures, {firstMs: tools.firstWaitMs, retryAfterMs, random: Math.random()});
    const count = `${failures} of ${tools.retries}`;
    tools.onTrouble(`${fault.message}; trying again in ${formatDuration(ms / 1000)} (${count})`);
    if (!(await pause(ms, tools.signal))) return err(STOPPED);
  }
}

function givenUp({code, message, hint}: Extract<Fault, {is: 'passing'}>, attempts: number): Refusal {
  return lasting(`${message}; given up after ${countOf(attempts, 'attempt')}`, hint, code);
}
