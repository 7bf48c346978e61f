import type {Result} from '../model/result.js';
import type {ChannelFault} from './channel.js';
import type {SessionEnd} from './session-end.js';

export type StopperEffects = Readonly<{
  /** Asks the agent to cancel, once. */
  cancel(graceSeconds: number): Promise<Result<unknown, ChannelFault>>;
  /** How long a silent agent may leave it open whether it has heard; null for one that can be killed. */
  undeliveredMs: number | null;
  onUndelivered(wasHeard: boolean): void;
}>;

/** Tells the agent to stop the job, until it has heard. */
export class Stopper {
  readonly #effects: StopperEffects;
  #because: SessionEnd['stopped'] = null;
  /** What the agent was last told, once it was told to stop the job. */
  #graceSeconds: number | null = null;
  #wasHeard = false;

  constructor(effects: StopperEffects) {
    this.#effects = effects;
  }

  because(): SessionEnd['stopped'] {
    return this.#because;
  }

  stop(because: 'interrupted' | 'timed-out', graceSeconds: number): void {
    this.#because ??= because;
    this.#graceSeconds = Math.min(graceSeconds, this.#graceSeconds ?? graceSeconds);
    this.#cancel(this.#graceSeconds);
  }

  /** After the connection was made again: what was under way may be lost. */
  again(): void {
    if (this.#graceSeconds !== null) this.#cancel(this.#graceSeconds);
  }

  /** @param silentMs - Since the agent was last heard. */
  look(silentMs: number): void {
    const {undeliveredMs, onUndelivered} = this.#effects;
    if (undeliveredMs === null || this.#graceSeconds === null) return;
    const graceMs = this.#graceSeconds * 1000;
    // Told to kill, nobody wants to wait; told to save and heard, it may be saving.
    const limitMs = this.#wasHeard ? graceMs + undeliveredMs : Math.min(undeliveredMs, graceMs + KILL_MS);
    if (silentMs >= limitMs) onUndelivered(this.#wasHeard);
  }

  /** Until there is an answer: to the agent a second one is harmless, it can only shorten the grace. */
  #cancel(graceSeconds: number): void {
    this.#wasHeard = false;
    void this.#effects.cancel(graceSeconds).then((answer) => {
      if (graceSeconds !== this.#graceSeconds) return;
      if (answer.ok) this.#wasHeard = true;
      else if (answer.error.kind === 'silent') this.#cancel(graceSeconds);
    });
  }
}

const KILL_MS = 3000;
