import {createServer, type IncomingMessage, request, type ServerResponse} from 'node:http';
import {connect} from 'node:net';
import type {Duplex} from 'node:stream';
import {close, listen} from './site.js';

/** A proxy on this machine, which leads to this machine alone, whatever the host. */
export type Proxy = Readonly<{
  address: string;
  /** What it was asked for: `GET http://host/path` and `CONNECT host:port`. */
  asked: readonly string[];
}>;

/** @param login - `name:password` that it wants. */
export async function withProxy(
  body: (proxy: Proxy) => Promise<void>,
  {login = null}: Readonly<{login?: string | null}> = {},
): Promise<void> {
  const asked: string[] = [];
  const wants = login === null ? undefined : `Basic ${Buffer.from(login).toString('base64')}`;
  const isRefused = ({headers}: IncomingMessage): boolean =>
    wants !== undefined && headers['proxy-authorization'] !== wants;
  const server = createServer((incoming, response) => {
    asked.push(`${incoming.method} ${incoming.url}`);
    if (isRefused(incoming)) response.writeHead(407).end();
    else forward(incoming, response);
  });
  server.on('connect', (incoming: IncomingMessage, socket: Duplex) => {
    asked.push(`CONNECT ${incoming.url}`);
    if (isRefused(incoming)) socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
    else tunnel(incoming, socket);
  });
  const port = await listen(server);
  try {
    await body({address: `http://127.0.0.1:${port}`, asked});
  } finally {
    await close(server);
  }
}

function forward({method, url, headers}: IncomingMessage, response: ServerResponse): void {
  const {port, pathname} = new URL(url!);
  const onward = request({host: '127.0.0.1', port, path: pathname, method, headers}, (answer) => {
    response.writeHead(answer.statusCode!, answer.headers);
    answer.pipe(response);
  });
  onward.end();
}

function tunnel({url}: IncomingMessage, socket: Duplex): void {
  const onward = connect(Number(url!.split(':')[1]), '127.0.0.1', () => {
    socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    socket.pipe(onward).pipe(socket);
  });
  for (const end of [socket, onward]) end.on('error', () => {});
  socket.on('close', () => onward.destroy());
}
