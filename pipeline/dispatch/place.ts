import {readFileSync, statSync} from 'node:fs';
import {type Diagnostic, fault} from '../model/diagnostic.js';
import {err, ok, type Result} from '../model/result.js';
import type {DriverKeys} from './keys.js';

/** A port of a machine; `host` is a name or an address, of IPv6 without brackets. */
export type Address = Readonly<{host: string; port: number}>;

/** Where the agent of a job is. */
export type Place =
  /** On this machine, started for the job. */
  Readonly<{where: 'here'}> | RemotePlace;

/** A standing agent, mostly on another machine. */
export type RemotePlace = Readonly<{
  where: 'elsewhere';
  address: Address;
  keys: DriverKeys;
  /** It may say nothing for so long: the network may be cut. */
  silentMs: number;
  /** Whether to wait while it has another job. */
  waits: boolean;
  /** Whether to take the job over from a driver that is still heard. */
  takeOver: boolean;
  /** Of this program. */
  version: string;
}>;

export const REMOTE_SILENT_MS = 600_000;

export function addressText({host, port}: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** @param what - Names where the text stands, in a fault. */
export function parseAddress(text: string, what: string): Result<Address, Diagnostic> {
  const match = /^(?:\[([0-9a-fA-F:.%a-z]+)\]|([^\s:[\]]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  const host = match?.[1] ?? match?.[2];
  if (host !== undefined && port <= 65535) return ok({host, port});
  const hint = 'write it as host:port, for example gaudi1:29500 or [fd00::1]:29500';
  return err(fault(`${what} ${text} is no address`, null, hint));
}

/** The file that a driver needs; `pipeline agent --make-keys` has made it. */
export function readDriverKeys(path: string): Result<DriverKeys, Diagnostic> {
  const read = readKeyFile(path);
  if (!read.ok) return read;
  const {server, client} = read.value;
  if (isKey(server?.public) && isKey(client?.public) && isKey(client?.secret)) {
    return ok({
      server: {public: server.public},
      client: {public: client.public, secret: client.secret},
    });
  }
  const text = isKey(server?.secret) ? 'holds the keys of an agent, not of a driver' : 'holds no keys';
  return err(
    fault(
      `${path} ${text}`,
      null,
      'a driver needs the file NAME.driver.json of `pipeline agent --make-keys`',
    ),
  );
}

/** @returns what is wrong with the file that an agent needs; null when it is good. */
export function faultOfAgentKeys(path: string): Diagnostic | null {
  const read = readKeyFile(path);
  if (!read.ok) return read.error;
  const {server, client} = read.value;
  if (isKey(server?.public) && isKey(server?.secret) && isKey(client?.public)) return null;
  const text = isKey(client?.secret) ? 'holds the keys of a driver, not of an agent' : 'holds no keys';
  return fault(
    `${path} ${text}`,
    null,
    'an agent needs the file NAME.agent.json of `pipeline agent --make-keys`',
  );
}

type Pair = Readonly<{public?: unknown; secret?: unknown}>;
type KeyFile = Readonly<{server?: Pair; client?: Pair}>;

function readKeyFile(path: string): Result<KeyFile, Diagnostic> {
  const hint = '`pipeline agent --make-keys NAME` makes NAME.agent.json and NAME.driver.json';
  try {
    const {mode} = statSync(path);
    if ((mode & 0o077) !== 0) {
      const text = `others may read the key file ${path} (mode ${(mode & 0o777).toString(8)})`;
      return err(
        fault(text, null, `chmod 600 ${path}, and make new keys if somebody else could have read it`),
      );
    }
    const value = JSON.parse(readFileSync(path, 'utf8')) as KeyFile | null;
    return ok(value ?? {});
  } catch (error) {
    // What is wrong in a file of secrets is not quoted.
    const why = error instanceof SyntaxError ? 'it is no JSON' : (error as Error).message;
    return err(fault(`cannot read the key file ${path}: ${why}`, null, hint));
  }
}

function isKey(key: unknown): key is string {
  return typeof key === 'string' && key.length === 40;
}
