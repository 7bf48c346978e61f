import {lookup} from 'node:dns/promises';
import {isIP} from 'node:net';
import {setTimeout as delay} from 'node:timers/promises';
import type {Failure} from '../model/failure.js';
import {err, ok, type Result} from '../model/result.js';
import type {Address} from './place.js';

const LOOK_UP_MS = 10_000;

/**
 * The address of a machine in numbers, of IPv6 in brackets. ZeroMQ would ask again and again for a name that nobody
 * has, in silence.
 */
export async function lookUp({host}: Address): Promise<Result<string, Failure>> {
  const inBrackets = (ip: string) => (isIP(ip) === 6 ? `[${ip}]` : ip);
  if (isIP(host) !== 0) return ok(inBrackets(host));
  const late = delay(LOOK_UP_MS, null, {ref: false});
  try {
    const found = await Promise.race([lookup(host), late]);
    if (found !== null) return ok(inBrackets(found.address));
  } catch {
    // Told below.
  }
  const hint = 'is the name in --agent (or PIPELINE_AGENT) right?';
  return err({reason: 'environment', message: `no machine of the name ${host} is known here`, hint});
}
