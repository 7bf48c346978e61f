import assert from 'node:assert/strict';
import {Readable} from 'node:stream';
import {setFlagsFromString} from 'node:v8';
import {runInNewContext} from 'node:vm';
import {piecesOf} from '../../../pipeline/stages/download/pieces.js';

const NEVER = new AbortController().signal;

/** A body of which each piece comes only when it is waited for. */
function slowBody(pieces: number): Readable {
  let given = 0;
  return new Readable({
    highWaterMark: 1,
    read() {
      setImmediate(() => this.push(given++ < pieces ? Buffer.from([given & 255]) : null));
    },
  });
}

function heapBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

describe('the pieces of a body', () => {
  it('come in order, and then its end', async () => {
    const next = piecesOf(slowBody(3), {stallMs: 5000, signal: NEVER});
    const seen: (number | null)[] = [];
    for (let count = 0; count < 5; count++) {
      const piece = await next();
      assert.ok(piece.ok);
      seen.push(piece.value?.[0] ?? null);
    }
    assert.deepEqual(seen, [1, 2, 3, null, null]);
  });

  it('that came before the body broke are given before the fault is', async () => {
    const body = new Readable({read() {}});
    const next = piecesOf(body, {stallMs: 5000, signal: NEVER});
    body.push(Buffer.from('x'));
    const first = await next();
    assert.ok(first.ok && first.value?.toString() === 'x');
    body.destroy(new Error('broken'));
    for (let count = 0; count < 2; count++) {
      const after = await next();
      assert.ok(
        !after.ok && after.error.is === 'failed' && (after.error.error as Error).message === 'broken',
      );
    }
  });

  it('leave nothing in memory, however many there are', async () => {
    const next = piecesOf(slowBody(40_000), {stallMs: 60_000, signal: NEVER});
    for (let count = 0; count < 5000; count++) await next();
    const before = heapBytes();
    for (let count = 0; count < 30_000; count++) await next();
    const grown = heapBytes() - before;
    assert.ok(grown < 2e6, `${grown} bytes more`);
    for (let piece = await next(); piece.ok && piece.value !== null; ) piece = await next();
  });
});
