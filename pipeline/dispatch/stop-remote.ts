import {setTimeout as delay} from 'node:timers/promises';
import type {JsonObject} from '../model/json.js';
import {err, ok, type Result} from '../model/result.js';
import type {Agent} from './agent.js';
import {Channel, type Request} from './channel.js';
import {lookUp} from './look-up.js';
import type {RemotePlace} from './place.js';
import {endingOf} from './session-end.js';

const MEET_MS = 10_000;
const LOOK_MS = 250;

export type RemoteStop = Readonly<{
  /** Null: whatever job it has. */
  job: string | null;
  /** From the request to save to SIGKILL. */
  graceSeconds: number;
  /** Ends the wait, not the job. */
  signal: AbortSignal;
  /** For each answer. */
  withinMs?: number;
}>;

/**
 * Has a standing agent save and end its job, and waits for that.
 * @returns the name of the job, null when there was none to stop; or why it could not be told.
 */
export async function stopAt(
  place: RemotePlace,
  request: RemoteStop,
): Promise<Result<string | null, string>> {
  const ip = await lookUp(place.address, request.signal);
  if (!ip.ok) return err('message' in ip.error ? ip.error.message : ip.error.reason);
  const agent: Agent = {where: 'elsewhere', place, ip: ip.value};
  const nothing = (): void => {};
  const effects = {onHeard: nothing, onEvent: nothing, onReconnect: nothing, onFault: nothing};
  const channel = new Channel(place.address.port, place.keys, effects, ip.value);
  const ask = async (message: Request): Promise<Result<JsonObject, string>> => {
    const answer = await channel.request(message, request.withinMs ?? MEET_MS);
    if (answer.ok) return answer;
    const ending = endingOf(answer.error, agent);
    return err('message' in ending ? ending.message : ending.kind);
  };
  try {
    const hello = await ask({type: 'hello'});
    if (!hello.ok) return hello;
    const job = hello.value['job'];
    if (typeof job !== 'string' || hello.value['state'] !== 'running') return ok(null);
    if (request.job !== null && request.job !== job) return ok(null);
    const told = await ask({type: 'cancel', job, grace_seconds: request.graceSeconds});
    if (!told.ok) return told;
    return await waitForEnd(ask, {job, signal: request.signal});
  } finally {
    channel.close();
  }
}

async function waitForEnd(
  ask: (message: Request) => Promise<Result<JsonObject, string>>,
  {job, signal}: {job: string; signal: AbortSignal},
): Promise<Result<string | null, string>> {
  for (;;) {
    const hello = await ask({type: 'hello'});
    if (!hello.ok) return hello;
    const {state, job: has, driver} = hello.value;
    // With a driver that lives, the job's end is for that one to take.
    if (has === job && state === 'ended' && driver === null) await ask({type: 'shutdown'});
    if (has !== job || state !== 'running') return ok(job);
    if (signal.aborted) return err('it was told to stop, and is saving');
    await delay(LOOK_MS, undefined, {signal}).catch(() => undefined);
  }
}
