import {existsSync, mkdirSync, renameSync, rmSync, statSync} from 'node:fs';
import {basename, join} from 'node:path';
import type {JobLimits} from '../dispatch/job-request.js';
import type {Place} from '../dispatch/place.js';
import type {Failure} from '../model/failure.js';
import {err, ok, type Result} from '../model/result.js';
import type {StageId} from '../model/stage.js';
import type {StageContext, StageResult, Work} from '../model/stage-kind.js';
import {listWords} from '../model/words.js';
import {JOB_FOLDER} from '../store/layout.js';
import type {WorkOrder} from './work-order.js';

type Distributed = Extract<Work, {kind: 'distributed'}>;

export type DistributedTools = Readonly<{
  /** Absolute; of no use for an agent elsewhere. */
  python: string;
  /** Absolute path of py/. */
  sourceFolder: string;
  environment: Readonly<Record<string, string | undefined>>;
  limits: JobLimits;
  place: Place;
  /** How many events of each stage this run has already reported, over its attempts. Kept up to date here. */
  delivered: Map<StageId, number>;
}>;

/**
 * Runs a job of several ranks under a runtime agent. In the resume folder, which outlives attempts and runs:
 * `job/` is the agent's, `state/` the job's checkpoints, `out/` what becomes the artifact. A job that a killed run
 * left behind goes on writing there, so the next run can take it over.
 */
export async function runDistributed(
  work: Distributed,
  tools: DistributedTools,
  order: WorkOrder,
): Promise<StageResult> {
  // Late: most runs skip every stage, and should not load a native module for that.
  const {runJob} = await import('../dispatch/driver.js');
  const {stage, context, kill, fingerprint} = order;
  const {delivered, ...given} = tools;
  const places = placesIn(context.resume);
  // A run that was killed between the job's end and the commit has taken the outputs away with it.
  const reuseFinished = existsSync(places.out);
  for (const folder of Object.values(places)) mkdirSync(folder, {recursive: true});
  const launch = work.launch(jobContext(context, places));
  const result = await runJob({
    ...given,
    dir: places.job,
    job: fingerprint,
    launch,
    after: delivered.get(stage.id) ?? 0,
    reuseFinished,
    timeoutMs: stage.timeoutMs,
    signal: context.signal,
    kill,
    beforeAttempt: () => {
      rmSync(places.out, {recursive: true, force: true});
      mkdirSync(places.out);
    },
    onEvent: (seq, event) => {
      delivered.set(stage.id, seq);
      context.report({type: 'job-event', job: fingerprint, jobSeq: seq, event});
    },
    onNote: (level, text) => context.report({type: 'stage-note', level, text, stays: true}),
  });
  if (!result.ok) return result;
  const missing = (launch.promises ?? []).filter((name) => !isFile(join(places.out, name)));
  if (missing.length > 0) {
    // Without them its end is not to be taken for a good one again.
    rmSync(places.out, {recursive: true, force: true});
    return err({reason: 'output-missing', path: listWords(missing)});
  }
  renameSync(places.out, context.out);
  return result;
}

function isFile(path: string): boolean {
  return statSync(path, {throwIfNoEntry: false})?.isFile() ?? false;
}

/**
 * Ends an agent that a killed run left at work on this stage, and with it its ranks; a standing one ends the job, unless
 * another driver follows it. @param request - `signal` ends the wait.
 */
export async function dismissJob(
  resume: string,
  {place, signal}: {place: Place; signal: AbortSignal},
): Promise<Result<null, Failure>> {
  const {findAgent, killAgent} = await import('../dispatch/agent-process.js');
  const agent = findAgent(placesIn(resume).job);
  if (agent !== null) await killAgent(agent);
  if (place.where === 'here') return ok(null);
  const {dismissAt} = await import('../dispatch/dismiss.js');
  return await dismissAt(place, {job: basename(resume), signal});
}

type Places = Readonly<{job: string; state: string; out: string}>;

function placesIn(resume: string): Places {
  return {job: join(resume, JOB_FOLDER), state: join(resume, 'state'), out: join(resume, 'out')};
}

function jobContext(context: StageContext, places: Places): StageContext {
  return {...context, out: places.out, resume: places.state};
}
