import {writeSync} from 'node:fs';
import {isMainThread, workerData} from 'node:worker_threads';

/** How long one value may take before the tests are ended: it would never come to its end. */
export const HANG_MS = 60_000;

/** Of the text that says what is being tried. */
export const NOTE_BYTES = 400;

type Watched = Readonly<{
  /** Rises with each value. */
  beat: Int32Array;
  note: Uint8Array;
}>;

if (!isMainThread) watch(workerData as Watched);

function watch({beat, note}: Watched): void {
  for (;;) {
    const now = Atomics.load(beat, 0);
    if (Atomics.wait(beat, 0, now, HANG_MS) !== 'timed-out') continue;
    const about = new TextDecoder().decode(note.slice()).trim();
    if (about === '') continue;
    writeSync(2, `hangs for ${HANG_MS / 1000} s: ${about}\n`);
    process.kill(process.pid, 'SIGKILL');
  }
}
