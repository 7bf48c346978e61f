import {spawnSync} from 'node:child_process';
import {closeSync, constants, openSync} from 'node:fs';
import {open} from 'node:fs/promises';
import {setTimeout as delay} from 'node:timers/promises';

/**
 * A file that gives its content to each reader only when the test lets it: the only way to be in the middle of what reads
 * it, however fast that is.
 */
export type SlowFile = Readonly<{
  /** Resolves when the next reader waits for the content. */
  read(): Promise<Reading>;
  /** Gives the content to all who still come, until `ended` settles. */
  giveUntil(ended: Promise<unknown>): Promise<void>;
}>;

/** `give` lets the reader have the content; `leave` is for one that is gone. */
export type Reading = Readonly<{give(): Promise<void>; leave(): Promise<void>}>;

/** @param path - Absolute; becomes a pipe with a name. */
export function makeSlowFile(path: string, content: string): SlowFile {
  if (spawnSync('mkfifo', [path]).status !== 0) throw new Error(`mkfifo ${path} failed`);

  async function read(): Promise<Reading> {
    while (hasReader(path)) await delay(5);
    // Waits, in a thread of its own, until somebody opens it to read.
    const file = await open(path, 'w');
    return {
      give: async () => {
        try {
          await file.writeFile(content);
        } finally {
          await file.close();
        }
      },
      leave: () => file.close(),
    };
  }

  async function giveUntil(ended: Promise<unknown>): Promise<void> {
    let goesOn = true;
    void ended.finally(() => {
      goesOn = false;
      // Wakes up who waits for a reader that does not come.
      closeSync(openSync(path, constants.O_RDONLY | constants.O_NONBLOCK));
    });
    while (goesOn) await read().then(({give}) => give().catch(unlessNobodyReads));
  }

  return {read, giveUntil};
}

/** The last one is still at it: what is written now would be read twice. */
function hasReader(path: string): boolean {
  try {
    closeSync(openSync(path, constants.O_WRONLY | constants.O_NONBLOCK));
    return true;
  } catch {
    return false;
  }
}

function unlessNobodyReads(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}
