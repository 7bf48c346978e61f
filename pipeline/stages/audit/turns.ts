import {setImmediate as nextTurn} from 'node:timers/promises';

/** So long may a computation hold the process: the terminal, a signal and other stages wait for it. */
const TURN_MS = 25;

/** Gives the turn back in the middle of a long computation. Asked between steps of well under a turn. */
export type Turns = Readonly<{isOver(): boolean; next(): Promise<void>}>;

/** @param signal - Aborted, `next` throws its reason. */
export function createTurns(signal: AbortSignal): Turns {
  let end = performance.now() + TURN_MS;
  return {
    isOver: () => performance.now() >= end,
    next: async () => {
      await nextTurn();
      signal.throwIfAborted();
      end = performance.now() + TURN_MS;
    },
  };
}
