import type {Readable} from 'node:stream';
import {ok, type Result} from '../../model/result.js';
import {type Waited, waitFor} from './wait.js';

/** Pieces that wait to be taken, at most: then the server is held up. */
const MOST_WAITING_BYTES = 1 << 20;

/** Why no further piece comes. */
export type Unanswered = Exclude<Waited<null>, {is: 'come'}>;

/**
 * Takes pieces off a stream as they come and keeps them until they are asked for: a stream that breaks throws away what
 * it still holds, and that would be fetched twice.
 * @returns Gives the next piece, null at the end.
 */
export function piecesOf(
  body: Readable,
  patience: Readonly<{stallMs: number; signal: AbortSignal}>,
): () => Promise<Result<Buffer | null, Unanswered>> {
  const waiting: Buffer[] = [];
  let bytes = 0;
  let end: Readonly<{is: 'end'}> | Extract<Unanswered, {is: 'failed'}> | null = null;
  // Set anew for each wait: of a promise that lived as long as the body, every wait would leave something behind.
  let wake = (): void => {};
  body.on('data', (piece: Buffer) => {
    waiting.push(piece);
    bytes += piece.length;
    if (bytes >= MOST_WAITING_BYTES) body.pause();
    wake();
  });
  body.once('end', () => {
    end ??= {is: 'end'};
    wake();
  });
  body.once('error', (error: unknown) => {
    end ??= {is: 'failed', error};
    wake();
  });
  return async () => {
    if (waiting.length === 0 && end === null) {
      const news = new Promise<null>((resolve) => {
        wake = () => resolve(null);
      });
      const waited = await waitFor(news, patience);
      if (waiting.length === 0 && waited.is !== 'come') return {ok: false, error: waited};
    }
    if (waiting.length === 0) {
      return end?.is === 'failed' ? {ok: false, error: end} : ok(null);
    }
    if (patience.signal.aborted) return {ok: false, error: {is: 'stopped'}};
    const piece = waiting.shift()!;
    bytes -= piece.length;
    if (body.isPaused() && bytes < MOST_WAITING_BYTES / 2) body.resume();
    return ok(piece);
  };
}
