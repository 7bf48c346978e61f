import {createServer, type IncomingMessage, type Server, type ServerResponse} from 'node:http';
import {createServer as createTlsServer} from 'node:https';
import type {AddressInfo} from 'node:net';

/** A web server of the test's own on this machine. */
export type Site = Readonly<{
  port: number;
  /** By number; `localhost` is the same server under another name. */
  url(path: string, host?: '127.0.0.1' | 'localhost'): string;
  /** Every request so far, in order. */
  requests: readonly Seen[];
  /** Bytes of bodies that were handed to the sockets. */
  sentBytes(): number;
  /** The most requests that were under way at the same time. */
  mostAtOnce(): number;
}>;

/** `range` and `ifRange` as sent, empty when they were not. */
export type Seen = Readonly<{
  method: string;
  path: string;
  range: string;
  ifRange: string;
  authorization: string;
}>;

/** How one path is answered. */
export type Route = (exchange: Exchange) => Promise<void> | void;

export type Exchange = Readonly<{
  request: IncomingMessage;
  response: ServerResponse;
  seen: Seen;
  /** GETs of the path before this one. */
  visit: number;
  /** Body bytes, counted. Resolves once the socket has taken them, or is gone. */
  send(bytes: Uint8Array): Promise<void>;
}>;

export type SiteOptions = Readonly<{tls?: Readonly<{key: string; cert: string}>}>;

/** @param routes - By path; any other path is answered 404. They may be added to while the site is up. */
export async function withSite(
  routes: Readonly<Record<string, Route>>,
  body: (site: Site) => Promise<void>,
  {tls}: SiteOptions = {},
): Promise<void> {
  const [requests, visits] = [[] as Seen[], new Map<string, number>()];
  let [sent, atOnce, most] = [0, 0, 0];
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const seen = describe(request);
    requests.push(seen);
    most = Math.max(most, ++atOnce);
    response.on('close', () => atOnce--);
    const visit = visits.get(seen.path) ?? 0;
    if (seen.method === 'GET') visits.set(seen.path, visit + 1);
    const send = (bytes: Uint8Array): Promise<void> => {
      sent += bytes.length;
      return sendTo(response, bytes);
    };
    const route = routes[seen.path] ?? notFound;
    void route({request, response, seen, visit, send});
  };
  const server = tls === undefined ? createServer(answer) : createTlsServer(tls, answer);
  const port = await listen(server);
  const restore = withoutProxies();
  try {
    await body({
      port,
      url: (path, host = '127.0.0.1') => `http${tls === undefined ? '' : 's'}://${host}:${port}${path}`,
      requests,
      sentBytes: () => sent,
      mostAtOnce: () => most,
    });
  } finally {
    restore();
    await close(server);
  }
}

/** Listens on a free port of this machine alone. */
export async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

export async function close(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}

function describe({method, url, headers}: IncomingMessage): Seen {
  const text = (name: string): string => String(headers[name] ?? '');
  return {
    method: method!,
    path: url!,
    range: text('range'),
    ifRange: text('if-range'),
    authorization: text('authorization'),
  };
}

async function sendTo(response: ServerResponse, bytes: Uint8Array): Promise<void> {
  if (response.destroyed) return;
  await new Promise<void>((resolve) => {
    response.once('close', resolve);
    response.write(bytes, () => {
      response.removeListener('close', resolve);
      resolve();
    });
  });
}

const notFound: Route = ({response}) => void response.writeHead(404).end();

/** Whoever runs the tests may sit behind one. */
function withoutProxies(): () => void {
  const before = process.env['NO_PROXY'];
  process.env['NO_PROXY'] = '127.0.0.1,localhost';
  return () => {
    if (before === undefined) delete process.env['NO_PROXY'];
    else process.env['NO_PROXY'] = before;
  };
}
