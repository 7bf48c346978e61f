type Amounts = ReadonlyMap<string, number>;
type Waiting = Readonly<{amounts: Amounts; depth: number; start(): void}>;

/** Gives stages what they take of the machine, to each all at once. */
export class Slots {
  readonly #capacity: Readonly<Record<string, number>>;
  readonly #width: number;
  readonly #taken = new Map<string, number>();
  readonly #waiting: Waiting[] = [];
  #running = 0;

  /**
   * @param capacity - How much there is of each kind; one of any kind that is not named.
   * @param width - How many stages may run at once, whatever they take.
   */
  constructor(capacity: Readonly<Record<string, number>>, width: number) {
    this.#capacity = capacity;
    this.#width = width;
  }

  /**
   * @param depth - Of those that wait, the deepest goes first.
   * @returns how to give it back; null when `signal` was aborted before it was free.
   */
  take(
    {wanted, depth}: Readonly<{wanted: Readonly<Record<string, number>>; depth: number}>,
    signal: AbortSignal,
  ): Promise<(() => void) | null> {
    if (signal.aborted) return Promise.resolve(null);
    const amounts = this.#amountsOf(wanted);
    return new Promise((resolve) => {
      const settle = (result: (() => void) | null) => {
        signal.removeEventListener('abort', leave);
        resolve(result);
      };
      const entry: Waiting = {amounts, depth, start: () => settle(() => this.#giveBack(amounts))};
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(entry), 1);
        settle(null);
      };
      signal.addEventListener('abort', leave, {once: true});
      this.#queue(entry);
      this.#startWaiting();
    });
  }

  /** Behind those as deep, before those less deep. */
  #queue(entry: Waiting): void {
    const behind = this.#waiting.findIndex(({depth}) => depth < entry.depth);
    this.#waiting.splice(behind === -1 ? this.#waiting.length : behind, 0, entry);
  }

  /** The deepest first, among equals the one that came first; a stage that does not fit lets others pass. */
  #startWaiting(): void {
    for (const next of [...this.#waiting]) {
      if (!this.#fits(next.amounts)) continue;
      this.#waiting.splice(this.#waiting.indexOf(next), 1);
      this.#move(next.amounts, 1);
      next.start();
    }
  }

  #giveBack(amounts: Amounts): void {
    this.#move(amounts, -1);
    this.#startWaiting();
  }

  /** More than there is means all there is, so that such a stage runs alone instead of never. */
  #amountsOf(wanted: Readonly<Record<string, number>>): Amounts {
    return new Map(Object.entries(wanted).map(([kind, amount]) => [kind, Math.min(amount, this.#of(kind))]));
  }

  #fits(amounts: Amounts): boolean {
    if (this.#running >= this.#width) return false;
    return [...amounts].every(([kind, amount]) => (this.#taken.get(kind) ?? 0) + amount <= this.#of(kind));
  }

  #move(amounts: Amounts, sign: 1 | -1): void {
    this.#running += sign;
    for (const [kind, amount] of amounts) {
      this.#taken.set(kind, (this.#taken.get(kind) ?? 0) + sign * amount);
    }
  }

  #of(kind: string): number {
    return this.#capacity[kind] ?? 1;
  }
}
