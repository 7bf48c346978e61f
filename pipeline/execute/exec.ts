import {existsSync} from 'node:fs';
import {join} from 'node:path';
import {execa} from 'execa';
import {type Failure, stoppedFailure} from '../model/failure.js';
import {baseOf} from '../model/member.js';
import {err, ok} from '../model/result.js';
import type {RunName} from '../model/stage.js';
import type {ArtifactRef, StageContext, StageResult} from '../model/stage-kind.js';
import {execParams} from '../stages/exec.js';
import {killGroup} from './process-group.js';
import type {WorkOrder} from './work-order.js';

/** From SIGTERM to SIGKILL. */
const GRACE_MS = 10_000;
/** For a process that left the group and still holds the pipes. */
const PIPES_MS = 2000;
const TAIL_LINES = 20;
const MAX_LINE = 10_000;

export type ExecTools = Readonly<{
  /** Where the command runs: the configuration's folder, absolute. */
  folder: string;
  environment: Readonly<Record<string, string | undefined>>;
}>;

/** Runs a command in a process group of its own, which is gone when this returns. */
export async function runExec(tools: ExecTools, order: WorkOrder): Promise<StageResult> {
  const {stage, context, run} = order;
  const {command, outs} = execParams.parse(stage.params);
  const words = typeof command === 'string' ? command : command.join(' ');
  const argv = typeof command === 'string' ? ['/bin/sh', '-c', command] : command;
  const child = startCommand(argv, {...tools, own: ownVariables(context, run)});
  if (child.pid !== undefined) order.noteChild({pid: child.pid, command: words});
  child.stdin.end('go\n');
  const stopping = stopWhenTold(child, order);
  try {
    const tail = await readLines(child, context);
    const {exitCode, signal} = await child;
    const refused = whyNotStarted(argv[0]!, {exitCode, tail});
    if (refused !== null) return err(noProgram(argv[0]!, refused, tools.folder));
    const stopped = stopping.because();
    if (stopped !== null) return err(stopped);
    if (exitCode !== 0)
      return err(ended({what: words, code: exitCode ?? null, signal: signal ?? null, tail}));
    const missing = outs.find((name) => !existsSync(join(context.out, name)));
    return missing === undefined ? ok({files: outs.length}) : err({reason: 'output-missing', path: missing});
  } finally {
    stopping.cancel();
  }
}

/**
 * The command begins once it is told to, after its process was noted down: of one that a killed driver had not noted no
 * later run would know, and both would write. When the driver dies before, the pipe closes and the command never begins.
 */
const GATE = 'read -r go || exit 125; exec "$@" </dev/null';

function startCommand(argv: readonly string[], tools: ExecTools & {own: Record<string, string>}) {
  return execa('/bin/sh', ['-c', GATE, 'sh', ...argv], {
    cwd: tools.folder,
    env: {...tools.environment, ...tools.own},
    extendEnv: false,
    stdin: 'pipe',
    buffer: false,
    reject: false,
    // A group of its own, so that Ctrl-C in the terminal reaches the driver alone, and the group can be ended whole.
    detached: true,
    cleanup: false,
  });
}

type Child = ReturnType<typeof startCommand>;

/** What the shell says and how it ends when there is no such program, or it may not be run (POSIX, exec). */
function whyNotStarted(
  file: string,
  {exitCode, tail}: {exitCode: number | undefined; tail: readonly string[]},
): 'ENOENT' | 'EACCES' | null {
  const said = tail.some((line) => line.includes(`${file}:`));
  if (exitCode === 127 && said) return 'ENOENT';
  return exitCode === 126 && said ? 'EACCES' : null;
}

/** Passes lines on as they come. @returns the last ones, of both streams. */
async function readLines(child: Child, context: StageContext): Promise<readonly string[]> {
  const tail: string[] = [];
  const read = async (stream: 'stdout' | 'stderr') => {
    for await (const line of child.iterable({from: stream})) {
      const text = line.slice(0, MAX_LINE);
      tail.push(text);
      if (tail.length > TAIL_LINES) tail.shift();
      context.report({type: 'stage-output', stream, rank: null, text});
    }
  };
  await Promise.all([read('stdout'), read('stderr')]);
  return tail;
}

function stopWhenTold(
  child: Child,
  {stage, context, kill}: WorkOrder,
): {because(): Failure | null; cancel(): void} {
  let because: Failure | null = null;
  const timers: NodeJS.Timeout[] = [];
  const signalGroup = (signal: NodeJS.Signals) => killGroup(child.pid, signal);
  const stop = (failure: Failure) => {
    because ??= failure;
    signalGroup('SIGTERM');
    timers.push(setTimeout(() => signalGroup('SIGKILL'), GRACE_MS));
  };
  const onStop = () => stop(stoppedFailure(stage.id));
  const onKill = () => {
    because ??= stoppedFailure(stage.id);
    signalGroup('SIGKILL');
  };
  const {timeoutMs} = stage;
  if (timeoutMs !== null) {
    const onLimit = () => stop({reason: 'timed-out', what: stage.id, afterMs: timeoutMs});
    timers.push(setTimeout(onLimit, timeoutMs));
  }
  // What the command left running in its group would go on writing into an artifact.
  child.once('exit', () => {
    signalGroup('SIGKILL');
    timers.push(setTimeout(() => closePipes(child), PIPES_MS));
  });
  context.signal.addEventListener('abort', onStop, {once: true});
  kill.addEventListener('abort', onKill, {once: true});
  if (context.signal.aborted) onStop();
  if (kill.aborted) onKill();
  const cancel = () => {
    for (const timer of timers) clearTimeout(timer);
    context.signal.removeEventListener('abort', onStop);
    kill.removeEventListener('abort', onKill);
  };
  return {because: () => because, cancel};
}

function closePipes(child: Child): void {
  child.stdout?.destroy();
  child.stderr?.destroy();
}

function ownVariables(context: StageContext, run: RunName): Record<string, string> {
  const variables: Record<string, string> = {
    PIPELINE_OUT_DIR: context.out,
    PIPELINE_STAGE: context.stage,
    PIPELINE_RUN: run,
  };
  // By stage, and by type where that is clear.
  for (const {stage, type, path} of context.needs) {
    const isOnly = (same: (need: ArtifactRef) => boolean) => context.needs.filter(same).length === 1;
    const names: string[] = [stage];
    // Of a matrix mostly one member is taken: it is called like the stage.
    if (isOnly((need) => baseOf(need.stage) === baseOf(stage))) names.push(baseOf(stage));
    if (isOnly((need) => need.type === type)) names.push(type);
    for (const name of names) variables[`PIPELINE_NEED_${upperCase(name)}`] = path;
  }
  return variables;
}

function upperCase(name: string): string {
  return name
    .replace(/\]$/, '')
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]/g, '_');
}

function ended(end: {
  what: string;
  code: number | null;
  signal: string | null;
  tail: readonly string[];
}): Failure {
  const how = end.signal === null ? `exit status ${end.code}` : end.signal;
  return {reason: 'exited', ...end, rank: null, message: `the command ended with ${how}`};
}

function noProgram(file: string, code: 'ENOENT' | 'EACCES', folder: string): Failure {
  const message = code === 'ENOENT' ? `there is no program '${file}'` : `'${file}' may not be executed`;
  return {reason: 'environment', message, hint: `is it installed, or its path relative to ${folder}?`};
}
