import type {JsonObject} from '../model/json.js';
import {err, type Result} from '../model/result.js';
import type {Agent} from './agent.js';
import type {Channel} from './channel.js';
import type {JobRequest} from './job-request.js';
import {differenceOf, heldByAnother, isStale, judge, noteAgent, submitOf, withToken} from './meeting.js';
import {type Ending, endingOf} from './session-end.js';

const SUBMIT_MS = 30_000;
/** Of a standing agent: for the first answer, over a network. */
const MEET_MS = 10_000;

export type Beginning = Readonly<{
  request: JobRequest;
  agent: Agent;
  /** Whether to submit the job where the agent does not have it. */
  begins: boolean;
  channel: Channel;
  /** Whether the driver was told to stop meanwhile. */
  isStopping(): boolean;
  /** From now on the agent may have the job. */
  onSubmit(): void;
}>;

/** Meets the agent, and has it begin the job or finds it there. @returns what the agent says of the job. */
export async function beginJob(beginning: Beginning): Promise<Result<JsonObject, Ending>> {
  const {request, agent, channel} = beginning;
  const met = await meet(beginning);
  if (met !== null) return err(met);
  const submit = (token: string | null) => channel.request(submitOf(request, token), SUBMIT_MS);
  beginning.onSubmit();
  const state = await (agent.where === 'here' ? submit(null) : withToken(request.dir, submit));
  if (!state.ok) {
    const ending = endingOf(state.error, agent);
    const isBusy = ending.kind === 'refused' && ending.code === 'busy' && agent.where === 'elsewhere';
    return err(isBusy ? {kind: 'busy', message: ending.message} : ending);
  }
  if (isStale(state.value, request)) return err({kind: 'stale'});
  if (agent.where === 'elsewhere') noteAgent(request.dir, agent.place);
  return state;
}

/** @returns why nothing is to be submitted; null when it is. */
async function meet({request, agent, begins, channel, isStopping}: Beginning): Promise<Ending | null> {
  const {job, limits, dir} = request;
  const isHere = agent.where === 'here';
  const hello = await channel.request({type: 'hello'}, isHere ? limits.silentMs : MEET_MS);
  if (!hello.ok) return endingOf(hello.error, agent);
  const met = isHere && begins ? null : judge(hello.value, {job, begins});
  if (met !== null) return met;
  const differs = isHere ? null : differenceOf(hello.value, agent.place.version);
  if (differs !== null) request.onNote('warning', differs);
  const isThere = isHere ? hello.value['state'] !== 'idle' : hello.value['job'] === job;
  if (isThere) return null;
  // An agent of this machine holds its folder from its beginning, a standing one only with the job.
  const held = isHere ? null : await heldByAnother(dir);
  if (held !== null) return held;
  if (isStopping()) return {kind: 'unbegun'};
  request.beforeAttempt();
  return null;
}
