/** Takes what one stage needs, all at once. */
export type Slots = Readonly<{
  /** @returns how to give it back; null when `signal` was aborted before it was free. */
  take(wanted: Readonly<Record<string, number>>, signal: AbortSignal): Promise<(() => void) | null>;
}>;

/**
 * @param capacity - How much there is of each kind; one of any kind that is not named.
 * @param width - How many stages may run at once, whatever they take.
 */
export function createSlots(capacity: Readonly<Record<string, number>>, width: number): Slots {
  const taken = new Map<string, number>();
  let running = 0;
  const waiting: {amounts: ReadonlyMap<string, number>; start: () => void}[] = [];

  /** More than there is means all there is, so that such a stage runs alone instead of never. */
  function amountsOf(wanted: Readonly<Record<string, number>>): ReadonlyMap<string, number> {
    return new Map(
      Object.entries(wanted).map(([kind, amount]) => [kind, Math.min(amount, capacity[kind] ?? 1)]),
    );
  }

  function fits(amounts: ReadonlyMap<string, number>): boolean {
    if (running >= width) return false;
    return [...amounts].every(([kind, amount]) => (taken.get(kind) ?? 0) + amount <= (capacity[kind] ?? 1));
  }

  function move(amounts: ReadonlyMap<string, number>, sign: 1 | -1): void {
    running += sign;
    for (const [kind, amount] of amounts) taken.set(kind, (taken.get(kind) ?? 0) + sign * amount);
  }

  /** First come, first served, but a stage that does not fit lets others pass. */
  function startWaiting(): void {
    for (const next of [...waiting]) {
      if (!fits(next.amounts)) continue;
      waiting.splice(waiting.indexOf(next), 1);
      move(next.amounts, 1);
      next.start();
    }
  }

  function take(wanted: Readonly<Record<string, number>>, signal: AbortSignal): Promise<(() => void) | null> {
    if (signal.aborted) return Promise.resolve(null);
    const amounts = amountsOf(wanted);
    const giveBack = () => {
      move(amounts, -1);
      startWaiting();
    };
    return new Promise((resolve) => {
      const entry = {amounts, start: () => settle(giveBack)};
      const settle = (result: (() => void) | null) => {
        signal.removeEventListener('abort', leave);
        resolve(result);
      };
      const leave = () => {
        waiting.splice(waiting.indexOf(entry), 1);
        settle(null);
      };
      signal.addEventListener('abort', leave, {once: true});
      waiting.push(entry);
      startWaiting();
    });
  }

  return {take};
}
