/** How waiting for something ended. */
export type Waited<T> =
  | Readonly<{is: 'come'; value: T}>
  | Readonly<{is: 'failed'; error: unknown}>
  | Readonly<{is: 'stalled'}>
  | Readonly<{is: 'stopped'}>;

/** Waits no longer than `stallMs`, and no longer than the signal allows. Never rejects. */
export function waitFor<T>(
  promise: Promise<T>,
  {stallMs, signal}: Readonly<{stallMs: number; signal: AbortSignal}>,
): Promise<Waited<T>> {
  return new Promise((resolve) => {
    const end = (waited: Waited<T>): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      resolve(waited);
    };
    const stop = (): void => end({is: 'stopped'});
    // What came while this process slept (a laptop that was shut) is read after the timers and before this.
    const timer = setTimeout(() => setImmediate(end, {is: 'stalled'}), stallMs);
    signal.addEventListener('abort', stop, {once: true});
    if (signal.aborted) stop();
    promise.then(
      (value) => end({is: 'come', value}),
      (error: unknown) => end({is: 'failed', error}),
    );
  });
}

/** @returns false when the signal ended it early. */
export async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  const never = new Promise<never>(() => {});
  return (await waitFor(never, {stallMs: ms, signal})).is === 'stalled';
}

const MOST_WAIT_MS = 60_000;

/**
 * Doubles with every failure in a row, up to a minute, and is cut by chance by up to a half, so that the files of one
 * server do not all come back at the same moment. What the server asks for is the least.
 * @param random - Between 0 and 1.
 */
export function backOffMs(
  failures: number,
  {firstMs, retryAfterMs, random}: Readonly<{firstMs: number; retryAfterMs: number | null; random: number}>,
): number {
  const longest = Math.min(MOST_WAIT_MS, firstMs * 2 ** (failures - 1));
  return Math.round((retryAfterMs ?? 0) + (longest / 2) * (1 + random));
}
