import {setTimeout as delay} from 'node:timers/promises';
import {gone, killProcess, signalProcess} from '../store/processes.js';
import {type AgentProcess, findAgent} from './agent-process.js';
import {Channel, type Request} from './channel.js';

const ANSWER_MS = 5000;
const LOOK_MS = 250;
/** An agent that was told to kill its job and is still there after so long is killed itself. */
const KILL_MS = 5000;

/** A job that no driver looks after, in its folder; `job` names it to its agent. */
export type LeftJob = Readonly<{
  dir: string;
  job: string;
  /** From the request to save to SIGKILL; with 0 nothing is saved. */
  graceSeconds: number;
  /** Ends the wait, not the job. */
  signal: AbortSignal;
  /** Now and then while its end is awaited. */
  onLook(): void;
}>;

/**
 * Tells the agent of a job to let it save a checkpoint and end, and waits until the agent has gone.
 * @returns false when the wait was ended before.
 */
export async function stopJob(request: LeftJob): Promise<boolean> {
  const agent = findAgent(request.dir);
  if (agent === null) return true;
  // One that does not answer still hears a signal: it then does the same by itself.
  if (!(await cancel(agent, request))) signalProcess(agent, 'SIGTERM');
  for (let waitedMs = 0; !request.signal.aborted; waitedMs += LOOK_MS) {
    if (await gone(agent, 0)) return true;
    if (request.graceSeconds === 0 && waitedMs >= KILL_MS) killProcess(agent);
    request.onLook();
    await delay(LOOK_MS, undefined, {signal: request.signal}).catch(() => undefined);
  }
  return false;
}

/** @returns whether it was heard. */
async function cancel(agent: AgentProcess, {job, graceSeconds}: LeftJob): Promise<boolean> {
  const nothing = (): void => {};
  const effects = {onHeard: nothing, onEvent: nothing, onReconnect: nothing, onFault: nothing};
  const channel = new Channel(agent.port, agent.keys, effects);
  try {
    const ask = (message: Request) => channel.request(message, ANSWER_MS);
    const heard = await ask({type: 'cancel', job, grace_seconds: graceSeconds});
    if (!heard.ok) return false;
    // There is nobody to take its last events: without this it would wait for a driver for a while. It may go at once.
    const parting = ask({type: 'shutdown'}).then(({ok}) => ok);
    return await Promise.race([parting, gone(agent, ANSWER_MS)]);
  } finally {
    channel.close();
  }
}
