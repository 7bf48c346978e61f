import {type Fault, lasting, passing} from './fault.js';

const CHECK_PROXY = 'a proxy is taken from HTTPS_PROXY and HTTP_PROXY, for hosts that NO_PROXY does not name';

/** What Node and undici say of a connection that could not be made, or that broke. Certificates do not mend themselves. */
export function connectionFault(error: unknown, url: URL): Fault {
  const {code, message} = rootOf(error);
  const proxyStatus = /Proxy response \((\d+)\)|Proxy Authentication Required \((407)\)/.exec(message);
  if (proxyStatus !== null) return proxyFault(Number(proxyStatus[1] ?? proxyStatus[2]), url);
  if (/CERT|SELF_SIGNED|UNABLE_TO_(?:GET|VERIFY)|ERR_TLS/.test(code)) {
    const hint =
      'where a proxy looks into encrypted connections, give its certificate in NODE_EXTRA_CA_CERTS=file.pem';
    return lasting(`${url.host} is not trusted: ${message}`, hint, code);
  }
  if (BROKEN.has(code)) return passing('ECONNRESET', `the connection to ${url.host} broke off`);
  return passing(code, `${url.host} cannot be reached: ${message}`, {
    hint: `is this machine online? ${CHECK_PROXY}`,
  });
}

function proxyFault(status: number, url: URL): Fault {
  const message = `the proxy refuses to connect to ${url.host} (${status})`;
  if (status >= 500) return passing(String(status), message, {hint: CHECK_PROXY});
  const hint =
    status === 407
      ? 'it wants a name and a password: HTTPS_PROXY=http://name:password@host:port'
      : CHECK_PROXY;
  return lasting(message, hint, String(status));
}

const BROKEN: ReadonlySet<string> = new Set([
  'UND_ERR_SOCKET',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
  'ECONNRESET',
  'EPIPE',
]);

/** Of a host with several addresses each attempt is an error of its own; the last one stands for all. */
function rootOf(error: unknown): Readonly<{code: string; message: string}> {
  if (!(error instanceof Error)) return {code: 'UNKNOWN', message: String(error)};
  if (error instanceof AggregateError && error.errors.length > 0) return rootOf(error.errors.at(-1));
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return {code, message: error.message === '' ? code : error.message};
}
