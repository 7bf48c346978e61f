import type {ServerResponse} from 'node:http';
import type {Exchange, Route} from './site.js';

/** How a server answers that keeps to the rules, and where it breaks off. */
export type Served = Readonly<{
  etag?: string;
  lastModified?: string;
  /** False: files come only as a whole. */
  ranges?: false;
  /** False: HEAD is refused. */
  head?: false;
  type?: string;
  /** By visit; past the end everything comes. */
  cuts?: readonly Cut[];
  /** Bytes handed to the socket at a time; all at once unless given. */
  pieceBytes?: number;
}>;

/** After so many bytes of the answer the connection is dropped, or nothing more comes. */
export type Cut = Readonly<{after: number; end: 'drop' | 'stall'}>;

/** A file as a good server gives it: ETag, Range, If-Range. */
export function served(content: Uint8Array, options: Served = {}): Route {
  return async (exchange) => {
    const {request, response, visit} = exchange;
    if (request.method === 'HEAD' && options.head === false) return void response.writeHead(405).end();
    if (options.ranges !== false && isFirstByte(exchange)) return giveFirstByte(exchange, content);
    const offset = options.ranges === false ? 0 : offsetOf(exchange, options);
    if (offset > 0 && offset >= content.length)
      return void response.writeHead(416, {'content-range': `bytes */${content.length}`}).end();
    const range = `bytes ${offset}-${content.length - 1}/${content.length}`;
    response.writeHead(offset > 0 ? 206 : 200, {
      'content-length': content.length - offset,
      'content-type': options.type ?? 'application/gzip',
      ...(options.etag === undefined ? {} : {etag: options.etag}),
      ...(options.lastModified === undefined ? {} : {'last-modified': options.lastModified}),
      ...(offset > 0 ? {'content-range': range} : {}),
    });
    if (request.method === 'HEAD') return void response.end();
    await give(exchange, content.subarray(offset), {cut: options.cuts?.[visit], ...options});
  };
}

/** The nth GET is answered by the nth route, all later ones by the last. */
export function inTurn(...routes: readonly Route[]): Route {
  return (exchange) => routes[Math.min(exchange.visit, routes.length - 1)]!(exchange);
}

/** Only a head: a redirect, an error. */
export function head(status: number, headers: Readonly<Record<string, string>> = {}): Route {
  return ({response}) => void response.writeHead(status, headers).end();
}

export function page(
  html: string,
  {type = 'text/html; charset=utf-8'}: Readonly<{type?: string}> = {},
): Route {
  return async ({request, response, send}) => {
    response.writeHead(200, {'content-type': type});
    if (request.method !== 'HEAD') await send(Buffer.from(html));
    response.end();
  };
}

/** Headers of the test's making before the bytes: for servers that lie. GET only. */
export function raw(
  status: number,
  headers: Readonly<Record<string, string | number>>,
  bytes: Uint8Array,
): Route {
  return async ({request, response, send}) => {
    if (request.method === 'HEAD') return void response.writeHead(405).end();
    response.writeHead(status, headers);
    await send(bytes);
    // An end would be refused where fewer bytes were sent than announced.
    if (Number(headers['content-length'] ?? bytes.length) > bytes.length) drop(response);
    else response.end();
  };
}

async function give(
  {response, send}: Exchange,
  bytes: Uint8Array,
  {cut, pieceBytes = bytes.length}: Readonly<{cut: Cut | undefined; pieceBytes?: number}>,
): Promise<void> {
  const end = Math.min(bytes.length, cut?.after ?? bytes.length);
  for (let at = 0; at < end; at += pieceBytes) await send(bytes.subarray(at, Math.min(end, at + pieceBytes)));
  if (cut === undefined) response.end();
  else if (cut.end === 'drop') drop(response);
}

/** What was written still goes out; then the connection ends, as when a server is shut down. */
function drop(response: ServerResponse): void {
  response.socket?.end();
}

/** How a client learns the size of a file where HEAD is refused. */
export function isFirstByte({seen}: Exchange): boolean {
  return seen.range === 'bytes=0-0';
}

export async function giveFirstByte({response, send}: Exchange, content: Uint8Array): Promise<void> {
  response.writeHead(206, {'content-range': `bytes 0-0/${content.length}`, 'content-length': 1});
  await send(content.subarray(0, 1));
  response.end();
}

/** The first byte that is asked for, by the rules of If-Range. */
export function offsetOf({seen}: Exchange, {etag, lastModified}: Served): number {
  const match = /^bytes=(\d+)-$/.exec(seen.range);
  if (match === null) return 0;
  const isSame = seen.ifRange === '' || [etag, lastModified].includes(seen.ifRange);
  return isSame ? Number(match[1]) : 0;
}
