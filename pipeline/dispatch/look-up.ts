import {lookup} from 'node:dns/promises';
import {isIP} from 'node:net';
import {setTimeout as delay} from 'node:timers/promises';
import {type Failure, stoppedFailure} from '../model/failure.js';
import {err, ok, type Result} from '../model/result.js';
import {unlessAborted} from './heed.js';
import type {Address} from './place.js';

const LOOK_UP_MS = 10_000;

/**
 * The address of a machine in numbers, of IPv6 in brackets. ZeroMQ would ask again and again for a name that nobody
 * has, in silence.
 * @param signal - Ends the wait.
 */
export async function lookUp({host}: Address, signal: AbortSignal): Promise<Result<string, Failure>> {
  const inBrackets = (ip: string) => (isIP(ip) === 6 ? `[${ip}]` : ip);
  if (isIP(host) !== 0) return ok(inBrackets(host));
  const late = delay(LOOK_UP_MS, null, {ref: false});
  try {
    const found = await unlessAborted(Promise.race([lookup(host), late]), signal);
    if (found !== null) return ok(inBrackets(found.address));
  } catch {
    // Told below.
  }
  if (signal.aborted) return err(stoppedFailure(`looking up ${host}`));
  const hint = 'is the name in --agent (or PIPELINE_AGENT) right?';
  return err({reason: 'environment', message: `no machine of the name ${host} is known here`, hint});
}
