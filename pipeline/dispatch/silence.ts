/** What an agent's silence comes to. */
export type Verdict = 'bearable' | 'told' | 'too-long';

/** Counts ticks, not time: while this process itself is stopped it must not blame the agent. */
export class Silence {
  readonly #tickMs: number;
  readonly #tellMs: number;
  readonly #limitMs: number;
  #ticks = 0;
  #isTold = false;

  /** @param limits - `tellMs`: when the silence is told, once; `limitMs`: when it counts as loss. */
  constructor(tickMs: number, {tellMs, limitMs}: {tellMs: number; limitMs: number}) {
    this.#tickMs = tickMs;
    this.#tellMs = tellMs;
    this.#limitMs = limitMs;
  }

  ms(): number {
    return this.#ticks * this.#tickMs;
  }

  /** @returns whether a silence that was told is over. */
  heard(): boolean {
    const wasTold = this.#isTold;
    this.#ticks = 0;
    this.#isTold = false;
    return wasTold;
  }

  tick(): Verdict {
    this.#ticks += 1;
    if (this.ms() >= this.#limitMs) return 'too-long';
    if (this.#isTold || this.ms() < this.#tellMs) return 'bearable';
    this.#isTold = true;
    return 'told';
  }
}
