import type {AgentProcess} from './agent-process.js';
import {addressText, type RemotePlace} from './place.js';

/** An agent that may be spoken to. */
export type Agent =
  | Readonly<{where: 'here'; process: AgentProcess}>
  /** `ip`: its address in numbers, as ZeroMQ wants it. */
  | Readonly<{where: 'elsewhere'; place: RemotePlace; ip: string}>;

/** For people. */
export function nameOf(agent: Agent): string {
  return agent.where === 'here'
    ? `the runtime agent (pid ${agent.process.pid})`
    : `the runtime agent at ${addressText(agent.place.address)}`;
}

export function addressOf(agent: Agent): string {
  return agent.where === 'here' ? agent.process.address : addressText(agent.place.address);
}
