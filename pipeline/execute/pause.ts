import {setTimeout as delay} from 'node:timers/promises';

/** Waits so long, or until the signal aborts; never rejects. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, {signal});
  } catch {
    // Aborted: whoever waits looks at the signal.
  }
}
