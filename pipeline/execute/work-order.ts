import type {Digest, RunName, Stage} from '../model/stage.js';
import type {StageContext, StageResult} from '../model/stage-kind.js';

/** One attempt at a stage, for the executor that its kind of work names. */
export type WorkOrder = Readonly<{
  stage: Stage;
  /** Its signal is aborted by Ctrl-C: checkpoint and stop. */
  context: StageContext;
  /** Aborted by the second Ctrl-C: stop at once. */
  kill: AbortSignal;
  fingerprint: Digest;
  run: RunName;
  /** Notes a process that may outlive this one, so that the next run ends it before it writes. */
  noteChild(child: Readonly<{pid: number; command: string}>): void;
  /** Notes work that nobody waits for any more but that may still write: nobody else may begin before it is over. */
  noteAbandoned(work: Promise<unknown>): void;
}>;

/** Never rejects for what the world does to it; a fault of ours may throw. */
export type Executor = (order: WorkOrder) => Promise<StageResult>;
