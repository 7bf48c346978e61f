import type {Failure} from '../model/failure.js';
import type {JobEvent} from '../model/job-event.js';
import type {JsonObject} from '../model/json.js';
import type {Result} from '../model/result.js';
import type {Launch} from '../model/stage-kind.js';
import type {Place} from './place.js';

/** A job to carry out under an agent. */
export type JobRequest = Readonly<{
  /** The interpreter, absolute. */
  python: string;
  /** Absolute path of py/. */
  sourceFolder: string;
  /** The job's own folder, absolute; kept over attempts, so that a later one goes on where this one stopped. */
  dir: string;
  /** Names the job: equal for every attempt. */
  job: string;
  launch: Launch;
  environment: Readonly<Record<string, string | undefined>>;
  place: Place;
  /** Events up to this number were delivered by an earlier attempt of this run; 0 replays the whole journal. */
  after: number;
  /** Whether what a job left that ended well while nobody looked may be taken. */
  reuseFinished: boolean;
  timeoutMs: number | null;
  /** Checkpoint and stop. */
  signal: AbortSignal;
  /** Stop at once. */
  kill: AbortSignal;
  limits: JobLimits;
  /** Called when no process of an earlier attempt is left and the next one is about to start. */
  beforeAttempt(): void;
  /** Once per number, in order, without gaps. */
  onEvent(seq: number, event: JobEvent): void;
  onNote(level: 'info' | 'warning', text: string): void;
}>;

export type JobLimits = Readonly<{
  /** From SIGTERM, on which ranks save a checkpoint, to SIGKILL. torchrun itself waits no longer than 30 s. */
  graceSeconds: number;
  /** An agent on this machine that says nothing for so long counts as lost. */
  silentMs: number;
  /** An agent with no job that runs, to which nobody speaks, leaves after so long. */
  leaseSeconds: number;
  /** Of the agent, on 127.0.0.1; 0 = any free one. */
  port: number;
}>;

export const DEFAULT_LIMITS: JobLimits = {graceSeconds: 25, silentMs: 10_000, leaseSeconds: 60, port: 0};

/** The facts of the job's last summary, or why there are none. */
export type JobResult = Result<JsonObject, Failure>;
