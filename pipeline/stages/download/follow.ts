import {err, ok, type Result} from '../../model/result.js';
import {type Fault, lasting} from './fault.js';
import type {Answer, HttpClient, Question} from './http.js';
import {shownUrl} from './places.js';

const MOST_REDIRECTS = 10;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Which hosts may be asked: no request goes to any other. */
export type Hosts = Readonly<{
  /** Those of the urls. */
  named: ReadonlySet<string>;
  /** Those that a redirect may lead to as well, with all below them. */
  redirects: readonly string[];
}>;

/** Asks, and where the server says that the file is elsewhere, asks there. A user's name goes to no other server. */
export async function follow(
  question: Question,
  {http, hosts}: Readonly<{http: HttpClient; hosts: Hosts}>,
): Promise<Result<Answer, Fault>> {
  const seen: URL[] = [question.url];
  for (;;) {
    const url = seen.at(-1)!;
    const isFirst = url.origin === question.url.origin;
    const headers = isFirst ? {...question.headers, ...authorization(question.url)} : question.headers;
    const answer = await http.ask({...question, url, headers});
    if (!answer.ok || !REDIRECTS.has(answer.value.status)) return answer;
    answer.value.discard();
    const next = nextUrl({seen, location: answer.value.header('location'), hosts});
    if (!next.ok) return next;
    seen.push(next.value);
  }
}

function authorization({username, password}: URL): Record<string, string> {
  if (username === '' && password === '') return {};
  const pair = [username, password].map(decoded).join(':');
  return {authorization: `Basic ${Buffer.from(pair).toString('base64')}`};
}

/** A lone % stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * Where a redirect leads, if it may be followed.
 * @param request.seen - The addresses asked so far, in order.
 */
export function nextUrl({
  seen,
  location,
  hosts,
}: Readonly<{seen: readonly URL[]; location: string | null; hosts: Hosts}>): Result<URL, Fault> {
  const from = seen.at(-1)!;
  const told = `${shownUrl(from)} is redirected`;
  const fail = (message: string, hint: string): Result<URL, Fault> => err(lasting(message, hint));
  if (location === null || !URL.canParse(location, from.href)) return fail(`${told} to nowhere`, OUTDATED);
  const next = new URL(location, from);
  [next.username, next.password, next.hash] = ['', '', ''];
  if (!/^https?:$/.test(next.protocol))
    return fail(`${told} to ${next.protocol}, which is not fetched`, OUTDATED);
  if (from.protocol === 'https:' && next.protocol === 'http:')
    return fail(`${told} to ${next.origin}, which is not encrypted`, `${PORTAL}; else ${OUTDATED}`);
  if (!mayAsk(next.hostname, hosts)) return fail(...strange(told, next, hosts));
  if (seen.some(({href}) => href === next.href))
    return fail(`redirect loop: ${[...seen, next].map(shownUrl).join(' → ')}`, OUTDATED);
  if (seen.length > MOST_REDIRECTS)
    return fail(`more than ${MOST_REDIRECTS} redirects, the last to ${next.origin}`, OUTDATED);
  return ok(next);
}

const OUTDATED = 'look the address up again and change it in the stage\'s "urls"';
const PORTAL = 'if this network wants a login first, do that in a browser and run again';

function mayAsk(host: string, {named, redirects}: Hosts): boolean {
  const below = (suffix: string): boolean => host === suffix || host.endsWith(`.${suffix}`);
  return named.has(host) || redirects.map((suffix) => suffix.toLowerCase()).some(below);
}

function strange(told: string, {origin, hostname}: URL, {redirects}: Hosts): [message: string, hint: string] {
  const list = [...redirects, hostname].join(', ');
  return [
    `${told} to ${origin}, a host that the configuration does not name`,
    `if the file is kept there, let the stage follow: redirect_hosts: [${list}]; ${PORTAL}`,
  ];
}
