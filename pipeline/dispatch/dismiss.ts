import {setTimeout as delay} from 'node:timers/promises';
import {type Failure, stoppedFailure} from '../model/failure.js';
import {err, ok, type Result} from '../model/result.js';
import {Channel, type ChannelFault, type Request} from './channel.js';
import {unlessAborted} from './heed.js';
import {lookUp} from './look-up.js';
import {driverName} from './meeting.js';
import {addressText, type RemotePlace} from './place.js';

const ANSWER_MS = 3000;
const LOOK_MS = 250;
/** A driver that was killed is heard for the last time so long before it counts as gone, and a little longer. */
const TAKEN_MS = 12_000;
/** For all of it: told to kill its job, an agent has no more to do than that. */
const LIMIT_MS = 30_000;

type Answer = Awaited<ReturnType<Channel['request']>>;
type Ask = (message: Request) => Promise<Answer | null>;

/**
 * Has a standing agent kill a job and let go of it, so that it can begin afresh: not while another driver follows the
 * job, unless this one may take over. One that cannot be reached is told of when the job is to begin.
 * @param request - `signal` ends the wait.
 */
export async function dismissAt(
  place: RemotePlace,
  request: Readonly<{job: string; signal: AbortSignal}>,
): Promise<Result<null, Failure>> {
  const {job, signal} = request;
  const ip = await lookUp(place.address, signal);
  if (!ip.ok) return signal.aborted ? ip : ok(null);
  const nothing = (): void => {};
  const effects = {onHeard: nothing, onEvent: nothing, onReconnect: nothing, onFault: nothing};
  const channel = new Channel(place.address.port, place.keys, effects, ip.value);
  const ask: Ask = (message) => unlessAborted(channel.request(message, ANSWER_MS), signal);
  try {
    const hello = await ask({type: 'hello'});
    if (hello?.ok && hello.value['job'] === job) return await dismiss(ask, {place, job, signal});
    return hello === null ? err(stoppedFailure('the job')) : ok(null);
  } finally {
    channel.close();
  }
}

async function dismiss(
  ask: Ask,
  {place, job, signal}: {place: RemotePlace; job: string; signal: AbortSignal},
): Promise<Result<null, Failure>> {
  const until = Date.now() + LIMIT_MS;
  const follows = await follow(ask, {place, job, signal});
  if (follows !== null) return err(follows);
  await ask({type: 'cancel', job, grace_seconds: 0});
  while (!signal.aborted && Date.now() < until) {
    const hello = await ask({type: 'hello'});
    if (hello?.ok) {
      if (hello.value['job'] !== job) return ok(null);
      if (hello.value['state'] === 'ended') await ask({type: 'shutdown'});
    }
    await delay(LOOK_MS, undefined, {signal}).catch(() => undefined);
  }
  return err(
    signal.aborted ? stoppedFailure('the job') : lost(place, 'was told to kill its job and does not'),
  );
}

/** Makes the job this driver's. @returns why it is not. */
async function follow(
  ask: Ask,
  {place, job, signal}: {place: RemotePlace; job: string; signal: AbortSignal},
): Promise<Failure | null> {
  const until = Date.now() + TAKEN_MS;
  const attach: Request = {
    ...{type: 'attach', job, after: 0, driver: driverName()},
    take_over: place.takeOver,
  };
  for (;;) {
    const answer = await ask(attach);
    if (answer === null) return stoppedFailure('the job');
    if (answer.ok || codeOf(answer.error) === 'unknown-job') return null;
    if (codeOf(answer.error) !== 'taken') return lost(place, 'does not answer');
    if (Date.now() >= until) return followed(answer.error);
    await delay(LOOK_MS * 4, undefined, {signal}).catch(() => undefined);
  }
}

function codeOf(fault: ChannelFault): string | null {
  return fault.kind === 'refused' ? fault.code : null;
}

function followed(fault: ChannelFault): Failure {
  const message = `it is not begun afresh: ${fault.kind === 'refused' ? fault.message : fault.kind}`;
  const hint = 'if that driver is not wanted any more: the same command with --take-over';
  return {reason: 'busy', message, hint};
}

function lost({address}: RemotePlace, what: string): Failure {
  return {reason: 'agent-lost', address: addressText(address), message: `it ${what}`, refused: true};
}
