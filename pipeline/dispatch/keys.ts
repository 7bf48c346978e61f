import {randomUUID} from 'node:crypto';
import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {curveKeyPair} from 'zeromq';

/** CURVE keys in Z85, 40 characters each. */
type KeyPair = Readonly<{public: string; secret: string}>;

/** The keys of one agent and of the drivers that may speak to it. */
export type Keys = Readonly<{server: KeyPair; client: KeyPair}>;

/** What of them a driver needs. */
export type DriverKeys = Readonly<{server: Pick<KeyPair, 'public'>; client: KeyPair}>;

/**
 * Makes fresh keys for a new agent and leaves them in the job's folder, readable by this user only. They never
 * appear on a command line or in an environment, which other users can list.
 * @returns the file's name. Throws the file system's errors.
 */
export function makeKeys(dir: string): string {
  const name = `keys-${randomUUID()}.json`;
  const keys: Keys = {server: keyPair(), client: keyPair()};
  writeFileSync(join(dir, name), JSON.stringify(keys), {mode: 0o600, flag: 'wx'});
  return name;
}

/** @returns null when the file is gone or holds no keys. */
export function readKeys(dir: string, name: string): Keys | null {
  try {
    const keys = JSON.parse(readFileSync(join(dir, name), 'utf8')) as Partial<Keys>;
    const all = [keys.server?.public, keys.client?.public, keys.client?.secret];
    return all.every((key) => typeof key === 'string' && key.length === 40) ? (keys as Keys) : null;
  } catch {
    return null;
  }
}

/**
 * Makes the keys of a standing agent and of its drivers: <name>.agent.json and <name>.driver.json, each for its own
 * machine. Throws the file system's errors, EEXIST where one is there already.
 */
export function makeKeyFiles(name: string): Readonly<{agent: string; driver: string}> {
  const {server, client}: Keys = {server: keyPair(), client: keyPair()};
  const files = {agent: `${name}.agent.json`, driver: `${name}.driver.json`};
  for (const path of Object.values(files)) {
    if (existsSync(path)) throw Object.assign(new Error(`${path} exists`), {code: 'EEXIST', path});
  }
  const options = {mode: 0o600, flag: 'wx'} as const;
  writeFileSync(files.agent, JSON.stringify({server, client: {public: client.public}}), options);
  writeFileSync(files.driver, JSON.stringify({server: {public: server.public}, client}), options);
  return files;
}

function keyPair(): KeyPair {
  const {publicKey, secretKey} = curveKeyPair();
  return {public: publicKey, secret: secretKey};
}
