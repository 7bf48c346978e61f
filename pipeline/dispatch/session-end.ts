import type {ProtocolErrorCode} from '../model/protocol.js';
import type {Agent} from './agent.js';
import {nameOf} from './agent.js';
import type {ChannelFault, Reached} from './channel.js';
import type {ExitedEvent, Story} from './story.js';

/** Why a driver's time with an agent is over. */
export type Ending =
  | Readonly<{kind: 'exited'; exited: ExitedEvent}>
  /** The agent's attempt had ended before, and not well (or not usably): another one must begin. */
  | Readonly<{kind: 'stale'}>
  | Readonly<{kind: 'lost'; message: string}>
  /** Nothing was begun: the run was told to stop before. */
  | Readonly<{kind: 'unbegun'}>
  | Readonly<{kind: 'refused'; code: ProtocolErrorCode | null; message: string}>
  /** Of a standing agent: it cannot be reached; it does not have this job; it has another one. */
  | Readonly<{kind: 'unreachable'; reached: Reached; message: string}>
  | Readonly<{kind: 'absent'}>
  | Readonly<{kind: 'busy'; message: string}>
  /** Of a standing agent: another agent works in the job's folder. */
  | Readonly<{kind: 'held'; message: string}>
  /** It could not be told to stop the job, or how that ended is not known. */
  | Readonly<{kind: 'undelivered'; message: string}>;

export type SessionEnd = Ending &
  Readonly<{
    story: Story;
    /** What this driver told the job to stop for. */
    stopped: 'interrupted' | 'timed-out' | null;
    /** Whether the job had been told to stop, and was saving, when this driver found it. */
    wasStopping: boolean;
  }>;

/** What a request without an answer means for the whole session. */
export function endingOf(fault: ChannelFault, agent: Agent): Ending {
  const isRemote = agent.where === 'elsewhere';
  switch (fault.kind) {
    case 'wrong-key':
      return {
        kind: 'refused',
        code: null,
        message: `it does not know the CURVE key of this ${isRemote ? 'driver' : 'job folder'}`,
      };
    case 'refused':
      return {kind: 'refused', code: fault.code, message: `${fault.code}: ${fault.message}`};
    case 'silent':
      return isRemote
        ? {kind: 'unreachable', reached: fault.reached, message: silenceText(fault, nameOf(agent))}
        : {kind: 'lost', message: `the runtime agent did not answer within ${fault.afterMs} ms`};
    case 'closed':
      return {kind: 'lost', message: 'the connection was closed'};
  }
}

/** @param wasHeard - Whether it said that it tells the job to stop. */
export function undelivered(agent: Agent, wasHeard: boolean): Ending {
  const text = wasHeard
    ? 'was told to stop the training, and has said nothing since'
    : 'has not heard that the training should stop: it goes on there';
  return {kind: 'undelivered', message: `${nameOf(agent)} ${text}`};
}

function silenceText({afterMs, reached}: Extract<ChannelFault, {kind: 'silent'}>, name: string): string {
  switch (reached) {
    case 'nothing':
      return `${name} cannot be reached: nothing answered within ${afterMs / 1000} s`;
    case 'something':
      return `${name} cannot be spoken to: what listens there does not have the server key of this key file`;
    case 'agent':
      return `${name} did not answer within ${afterMs / 1000} s`;
  }
}
