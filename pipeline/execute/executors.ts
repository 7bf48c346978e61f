import type {JobLimits} from '../dispatch/job-request.js';
import type {Place} from '../dispatch/place.js';
import type {Failure} from '../model/failure.js';
import {ok, type Result, unreachable} from '../model/result.js';
import type {StageId} from '../model/stage.js';
import type {PythonTool, StageResult} from '../model/stage-kind.js';
import type {Bridge} from './bridge.js';
import {dismissJob, runDistributed} from './distributed.js';
import {runInProcess} from './in-process.js';
import {runOnBridge} from './on-bridge.js';
import type {Executor, WorkOrder} from './work-order.js';

export type ExecutorTools = Readonly<{
  /** Makes or finds the interpreter; called at most once, when the first stage needs Python. */
  preparePython(): Promise<Result<{executable: string}, Failure>>;
  /** Absolute path of py/. */
  sourceFolder: string;
  /** The configuration's folder, absolute: where commands of `exec` stages run. */
  folder: string;
  environment: Readonly<Record<string, string | undefined>>;
  limits: JobLimits;
  /** Where the agents of distributed stages are. */
  place: Place;
}>;

/** All ways to carry out a stage; the kind of its work alone decides. */
export type Executors = Readonly<{
  execute: Executor;
  /** For in-process stages: made or found when the first stage asks for it. */
  python(): Promise<Result<PythonTool, Failure>>;
  /** Ends what a killed run left at work in a stage's resume folder. @param signal - Ends the wait. */
  dismiss(resume: string, signal: AbortSignal): Promise<Result<null, Failure>>;
  close(): void;
}>;

export function createExecutors(tools: ExecutorTools): Executors {
  const delivered = new Map<StageId, number>();
  let python: ReturnType<ExecutorTools['preparePython']> | null = null;
  let bridge: Bridge | null = null;

  async function execute(order: WorkOrder): Promise<StageResult> {
    const {work} = order.stage.kind;
    switch (work.kind) {
      case 'in-process':
        return runInProcess(work, order);
      case 'exec': {
        // Late, as the others below: most runs skip every stage, and should not load what starts processes.
        const {runExec} = await import('./exec.js');
        return runExec(tools, order);
      }
      case 'bridge':
        return withPython(async (executable) => runOnBridge(work, await bridgeTo(executable), order));
      case 'distributed': {
        const {sourceFolder, environment, limits, place} = tools;
        const run = (python: string) =>
          runDistributed(work, {python, sourceFolder, environment, limits, place, delivered}, order);
        // An agent elsewhere has a Python of its own.
        return place.where === 'here' ? withPython(run) : run('');
      }
      default:
        return unreachable(work);
    }
  }

  async function withPython(use: (executable: string) => Promise<StageResult>): Promise<StageResult> {
    const found = await preparedPython();
    return found.ok ? use(found.value.executable) : found;
  }

  function preparedPython(): ReturnType<ExecutorTools['preparePython']> {
    python ??= tools.preparePython();
    return python;
  }

  async function pythonTool(): Promise<Result<PythonTool, Failure>> {
    const found = await preparedPython();
    return found.ok ? ok({executable: found.value.executable, sources: tools.sourceFolder}) : found;
  }

  async function bridgeTo(executable: string): Promise<Bridge> {
    const {openBridge} = await import('./bridge.js');
    bridge ??= openBridge({python: executable, sourceFolder: tools.sourceFolder});
    return bridge;
  }

  return {
    execute,
    python: pythonTool,
    dismiss: (resume, signal) => dismissJob(resume, {place: tools.place, signal}),
    close: () => bridge?.close(),
  };
}
