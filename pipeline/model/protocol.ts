import type {JobEvent} from './job-event.js';
import type {JsonObject} from './json.js';

/**
 * Messages between the driver (DEALER) and the runtime agent (ROUTER): one JSON object per ZeroMQ frame, at most
 * 1 MiB. Mirrored by py/chexnet/runtime/protocol.py; the frames in test/contract/ must decode and re-encode to equal
 * JSON in both. Unknown kinds, fields or versions are protocol errors: answered, logged, never ignored.
 */
export const PROTOCOL_VERSION = 1;

export type DriverMessage = Readonly<{v: 1}> &
  (
    | Readonly<{type: 'hello'; id: string}>
    /**
     * Idempotent by `job`: a job that already runs or has ended is left as it is. `dir` is absolute. `token`: name of a
     * file that the driver has just put there, for an agent on another machine to look for.
     */
    | Readonly<{
        type: 'submit';
        id: string;
        job: string;
        dir: string;
        module: string;
        ranks: number;
        torchrun: boolean;
        arguments: JsonObject;
        environment: Readonly<Record<string, string>>;
        token: string | null;
      }>
    /**
     * Send events with a greater sequence number, first the old ones, then live. Refused as `taken` while another
     * driver is heard, unless `take_over`. `driver` names this one to people.
     */
    | Readonly<{type: 'attach'; id: string; job: string; after: number; driver: string; take_over: boolean}>
    /** Cumulative; not answered. */
    | Readonly<{type: 'ack'; job: string; seq: number}>
    /** SIGTERM to the ranks, which save a checkpoint; SIGKILL after the grace. Idempotent. */
    | Readonly<{type: 'cancel'; id: string; job: string; grace_seconds: number}>
    /** The agent exits once no job runs. */
    | Readonly<{type: 'shutdown'; id: string}>
  );

export type AgentMessage = Readonly<{v: 1}> &
  (
    | Readonly<{type: 'reply'; id: string; ok: true; value: JsonObject}>
    | Readonly<{
        type: 'reply';
        id: string;
        ok: false;
        error: Readonly<{code: ProtocolErrorCode; message: string}>;
      }>
    | Readonly<{type: 'event'; job: string; seq: number; event: JobEvent}>
    /** Once a second. A new `epoch` means that the agent was restarted: attach again. */
    | Readonly<{type: 'heartbeat'; epoch: string; unix_seconds: number}>
  );

export type ProtocolErrorCode =
  | 'version'
  | 'malformed'
  | 'unknown-kind'
  | 'unknown-field'
  | 'unknown-job'
  | 'busy'
  | 'taken'
  | 'failed';
