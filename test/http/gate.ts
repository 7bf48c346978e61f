import {giveFirstByte, isFirstByte, offsetOf, type Served} from './routes.js';
import type {Exchange, Route} from './site.js';

/** Lets a site send so many bytes in all and holds it there: a moment at which everything stands still. */
export type Gate = Readonly<{
  /** Resolves once as many bytes have been sent as were allowed. */
  closed(bytes: number): Promise<void>;
  open(): void;
  /** How far each file has been sent, from its beginning, by its latest answer. */
  positions: Map<string, number>;
  pass(bytes: number): Promise<void>;
}>;

export function createGate(): Gate {
  let [sent, limit] = [0, Number.POSITIVE_INFINITY];
  const held: (() => void)[] = [];
  let onClosed = (): void => {};
  return {
    positions: new Map(),
    closed: (bytes) => {
      limit = bytes;
      return new Promise((resolve) => {
        onClosed = resolve;
        if (sent >= limit) resolve();
      });
    },
    open: () => {
      limit = Number.POSITIVE_INFINITY;
      for (const release of held.splice(0)) release();
    },
    pass: async (bytes) => {
      while (sent >= limit) {
        onClosed();
        await new Promise<void>((resolve) => held.push(resolve));
      }
      sent += bytes;
    },
  };
}

/** Where, in bytes from the beginning of the file, a server breaks off, each time once. */
export type Break = Readonly<{at: number; end: 'drop' | 'stall'}>;

export type Gated = Readonly<{
  gate: Gate;
  name: string;
  breaks?: readonly Break[];
  /** Announced beyond what there is. */
  surplus?: number;
  /** Without a Content-Length. */
  chunked?: true;
}> &
  Pick<Served, 'etag' | 'lastModified' | 'ranges'>;

const PIECE_BYTES = 8192;

/** A file in small pieces, each through the gate. HEAD is refused. */
export function gated(content: Uint8Array, options: Gated): Route {
  const breaks = [...(options.breaks ?? [])];
  return async (exchange) => {
    const {request, response, send} = exchange;
    if (request.method === 'HEAD') return void response.writeHead(405).end();
    if (options.ranges !== false && isFirstByte(exchange)) return giveFirstByte(exchange, content);
    const {gate, name} = options;
    let at = beginAnswer(exchange, content, options);
    gate.positions.set(name, at);
    while (at < content.length) {
      const next = breaks.find((one) => one.at >= at);
      if (next?.at === at) {
        breaks.splice(breaks.indexOf(next), 1);
        if (next.end === 'drop') response.socket?.end();
        return;
      }
      const end = Math.min(at + PIECE_BYTES, content.length, next?.at ?? content.length);
      await gate.pass(end - at);
      // Killed while the gate was closed.
      if (response.destroyed) return;
      gate.positions.set(name, end);
      await send(content.subarray(at, end));
      at = end;
    }
    if (options.surplus === undefined) response.end();
    else response.socket?.end();
  };
}

/** @returns The first byte that is sent. */
function beginAnswer(exchange: Exchange, content: Uint8Array, options: Gated): number {
  const {etag, lastModified, surplus = 0} = options;
  const offset = options.ranges === false ? 0 : offsetOf(exchange, options);
  const total = content.length + surplus;
  exchange.response.writeHead(offset > 0 ? 206 : 200, {
    ...(options.chunked ? {} : {'content-length': total - offset}),
    ...(etag === undefined ? {} : {etag}),
    ...(lastModified === undefined ? {} : {'last-modified': lastModified}),
    ...(offset > 0 ? {'content-range': `bytes ${offset}-${total - 1}/${total}`} : {}),
  });
  return offset;
}
