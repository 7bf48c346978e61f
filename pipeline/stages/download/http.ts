import {EnvHttpProxyAgent, request} from 'undici';
import type {Failure} from '../../model/failure.js';
import {err, ok, type Result} from '../../model/result.js';
import {formatDuration} from '../../model/words.js';
import {connectionFault} from './connection-fault.js';
import {type Fault, passing, STOPPED} from './fault.js';
import {piecesOf, type Unanswered} from './pieces.js';
import {waitFor} from './wait.js';

/** Asks web servers, through the proxies that HTTP_PROXY, HTTPS_PROXY and NO_PROXY name. */
export type HttpClient = Readonly<{
  /** One request and the head of its answer, whatever its status. */
  ask(question: Question): Promise<Result<Answer, Fault>>;
  close(): Promise<void>;
}>;

export type Question = Readonly<{
  method: 'GET' | 'HEAD';
  /** Its credentials are not used. */
  url: URL;
  headers: Readonly<Record<string, string>>;
  signal: AbortSignal;
}>;

export type Answer = Readonly<{
  url: URL;
  status: number;
  /** @param name - In lower case. */
  header(name: string): string | null;
  /** The next piece of the body; null at its end. */
  next(): Promise<Result<Buffer | null, Fault>>;
  /** Not a byte more. */
  discard(): void;
}>;

type Body = Awaited<ReturnType<typeof request>>['body'];

/** @param stallMs - Longest time without a byte. */
export function openHttp({stallMs}: Readonly<{stallMs: number}>): Result<HttpClient, Failure> {
  const agent = openAgent(stallMs);
  if (!agent.ok) return agent;
  return ok({
    ask: (question) => ask(question, {agent: agent.value, stallMs}),
    close: () => agent.value.destroy(),
  });
}

/** It is undici that reads the variables. Plain http goes through a proxy as a request, https through a tunnel. */
function openAgent(stallMs: number): Result<EnvHttpProxyAgent, Failure> {
  try {
    const own = {headersTimeout: 0, bodyTimeout: 0, connect: {timeout: stallMs}};
    return ok(new EnvHttpProxyAgent({...own, proxyTunnel: false}));
  } catch {
    const message = 'the proxy that HTTPS_PROXY or HTTP_PROXY names is no address';
    return err({reason: 'environment', message, hint: 'write http://host:port'});
  }
}

/** A body that was packed for the way could not be resumed, nor hashed as it comes. */
const PLAIN = {accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'chexnet-pipeline'};

async function ask(
  {method, url, headers, signal}: Question,
  {agent, stallMs}: Readonly<{agent: EnvHttpProxyAgent; stallMs: number}>,
): Promise<Result<Answer, Fault>> {
  // undici listens to a signal only while it has a connection, hence the wait of our own.
  const given = new AbortController();
  const plain = new URL(url);
  [plain.username, plain.password] = ['', ''];
  const options = {dispatcher: agent, method, headers: {...PLAIN, ...headers}, signal: given.signal};
  const asked = request(plain, options);
  const waited = await waitFor(asked, {stallMs, signal});
  if (waited.is !== 'come') {
    given.abort();
    asked.then(({body}) => drop(body)).catch(() => {});
    return err(faultOf(waited, {url, stallMs}));
  }
  const {statusCode, headers: head, body} = waited.value;
  return ok({
    url: plain,
    status: statusCode,
    header: (name) => {
      const value = head[name];
      return value === undefined ? null : Array.isArray(value) ? value.join(', ') : value;
    },
    next: answerPieces(body, {url, stallMs, signal}),
    discard: () => drop(body),
  });
}

function drop(body: Body): void {
  body.on('error', () => {}).destroy();
}

function answerPieces(
  body: Body,
  work: Readonly<{url: URL; stallMs: number; signal: AbortSignal}>,
): Answer['next'] {
  const next = piecesOf(body, work);
  return async () => {
    const piece = await next();
    if (piece.ok && piece.value !== null) return piece;
    drop(body);
    return piece.ok ? piece : err(faultOf(piece.error, work));
  };
}

function faultOf(waited: Unanswered, {url, stallMs}: Readonly<{url: URL; stallMs: number}>): Fault {
  switch (waited.is) {
    case 'stopped':
      return STOPPED;
    case 'stalled':
      return passing('ETIMEDOUT', `${url.host} sent nothing for ${formatDuration(stallMs / 1000)}`);
    case 'failed':
      return connectionFault(waited.error, url);
  }
}
