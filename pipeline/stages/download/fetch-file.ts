import {err, ok, type Result} from '../../model/result.js';
import {countOf, formatDuration} from '../../model/words.js';
import {type Fault, lasting, STOPPED} from './fault.js';
import {openPart, type Part, type Shelf} from './part.js';
import {shownUrl, type WantedFile} from './places.js';
import {type TransferTools, transfer} from './transfer.js';
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
export async function fetchFile(file: WantedFile, tools: FetchTools): Promise<Result<null, Fault>> {
  const part = await openPart(tools.shelf, tools.onBytes);
  try {
    for (let wrong = 0; ; wrong++) {
      const filled = await fill(part, file, tools);
      const fault = filled.ok ? wrongDigest(part, file) : filled.error;
      if (fault === null) {
        await part.finish();
        return ok(null);
      }
      if (fault.is !== 'wrong') return err(fault);
      if (wrong > 0) {
        await part.remove();
        return err(lasting(`${fault.message}, also when fetched again`, fault.hint));
      }
      tools.onTrouble(`${fault.message}: it is deleted and fetched once more`);
      await part.begin(null);
    }
  } finally {
    await part.close();
  }
}

/** Tries until the file is whole. */
async function fill(part: Part, file: WantedFile, tools: FetchTools): Promise<Result<null, Fault>> {
  let [failures, most] = [0, part.bytes()];
  for (;;) {
    // Also what ends with a fault may be whole: some servers announce more than they have.
    if (part.digest() === file.sha256) return ok(null);
    const transferred = await transfer(part, file, tools);
    if (transferred.ok || transferred.error.is !== 'passing') return transferred;
    const fault = transferred.error;
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

function givenUp({code, message, hint}: Extract<Fault, {is: 'passing'}>, attempts: number): Fault {
  return lasting(`${message}; given up after ${countOf(attempts, 'attempt')}`, hint, code);
}

function wrongDigest(part: Part, file: WantedFile): Fault | null {
  const digest = part.digest();
  if (digest === file.sha256) return null;
  const message = `${shownUrl(file.url)} has the SHA-256 ${digest}, not ${file.sha256}`;
  return {is: 'wrong', message, hint: 'is it another file? compare "files" and "urls" with their source'};
}
