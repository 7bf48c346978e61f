import type {ArtifactRecord} from '../model/artifact.js';
import type {News} from '../model/event.js';
import type {Failure} from '../model/failure.js';
import type {Result} from '../model/result.js';
import type {Digest, RunName} from '../model/stage.js';
import type {StageContext, StageKind} from '../model/stage-kind.js';
import type {Store} from '../store/store.js';
import type {RunOrder} from './schedule.js';
import type {Executor} from './work-order.js';

/** What carrying out a stage takes from the run around it. */
export type CarryOutTools = Readonly<{
  store: Pick<Store, 'artifacts' | 'layout' | 'locks'>;
  execute: Executor;
  /** Ends what a killed run left at work in a resume folder (absolute). @param signal - Ends the wait. */
  dismiss(resume: string, signal: AbortSignal): Promise<Result<null, Failure>>;
  /** What of the stage's declared files and needed artifacts is not any more as it was when the stage began. */
  changedInputs(order: RunOrder): Promise<readonly string[]>;
  /** Of the files of a declared path, as hashed for the fingerprint. */
  digestsOf: StageContext['digests'];
  /** What the stage made in earlier runs with the same version and parameters; intact, newest first. */
  earlierOf(order: RunOrder): Promise<readonly ArtifactRecord[]>;
  /** Folders of earlier attempts and runs of the stage, whatever it was made of. */
  leftoversOf(order: RunOrder): readonly string[];
  python: StageContext['python'];
  /** Digests of the stage kind's own source files, kept beside the key. */
  sourcesOf(kind: StageKind): Promise<Readonly<Record<string, Digest>>>;
  report(news: News): void;
  run: RunName;
  /** Absolute. */
  runFolder: string;
  /** Worker threads or processes that a stage may keep busy. */
  concurrency: number;
  /** Whether to wait for another run that makes the same artifact. */
  waitForLock: boolean;
  /** Begin afresh: nothing of earlier attempts is used. */
  isForced(order: RunOrder): boolean;
  /** Checkpoint and stop. */
  stop: AbortSignal;
  /** Stop at once. */
  kill: AbortSignal;
  now(): Date;
  /** Waits so long, or until the signal aborts; never rejects. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
}>;
