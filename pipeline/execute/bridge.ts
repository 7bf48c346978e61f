import type {ChildProcess} from 'node:child_process';
import {accessSync, constants} from 'node:fs';
import {createRequire} from 'node:module';
import {join} from 'node:path';
import {tailOf} from '../dispatch/tail.js';
import {fault} from '../model/diagnostic.js';
import {type Failure, stoppedFailure} from '../model/failure.js';
import type {Json, JsonObject} from '../model/json.js';
import {err, ok, type Result} from '../model/result.js';

/** Coarse calls into one Python process, one at a time. The process starts with the first call. */
export type Bridge = Readonly<{
  /** @param callable - `module:function`, from one JSON object to a JSON value. */
  call(callable: string, input: JsonObject, options: CallOptions): Promise<Result<Json, Failure>>;
  /** Ends the process, also in the middle of a call. */
  close(): void;
}>;

export type CallOptions = Readonly<{
  timeoutMs: number;
  signal: AbortSignal;
  /** Absolute path of a file that gets what the function prints. */
  log: string;
}>;

/** The part of pythonia that is used; its own types describe the whole standard library of Python. */
type Pythonia = Readonly<{
  python: ((file: string) => Promise<PythonModule>) & {exit(): void};
  com: {proc: ChildProcess | null};
}>;
type PythonModule = {call_json(callable: string, input: string, log: string): Promise<string>};

type Answer =
  | Readonly<{ok: true; value: Json}>
  | Readonly<{ok: false; error: {type: string; message: string; traceback: string; hint: string | null}}>;

/** A live process; `ended` settles when it dies, and says how. */
type Running = Readonly<{module: PythonModule; ended: Promise<Ended>}>;
type Ended = Readonly<{ended: true; code: number | null; signal: string | null}>;

/** @param request - `python` is an interpreter's absolute path, `sourceFolder` that of py/. */
export function openBridge(request: Readonly<{python: string; sourceFolder: string}>): Bridge {
  return new PythonBridge(request.python, join(request.sourceFolder, 'chexnet', 'stages', 'call.py'));
}

class PythonBridge implements Bridge {
  readonly #python: string;
  readonly #file: string;
  #pythonia: Pythonia | null = null;
  #running: Promise<Running> | null = null;
  #earlier: Promise<unknown> = Promise.resolve();

  constructor(python: string, file: string) {
    this.#python = python;
    this.#file = file;
  }

  call(callable: string, input: JsonObject, options: CallOptions): Promise<Result<Json, Failure>> {
    // The Python end has one loop: two calls at once would wait for each other with both clocks running.
    const turn = this.#earlier.then(() => this.#callNow(callable, input, options));
    this.#earlier = turn.catch(() => undefined);
    return turn;
  }

  /** Also lets pythonia start another process, should there be another call. */
  close(): void {
    if (this.#pythonia?.com.proc) this.#pythonia.python.exit();
  }

  async #callNow(callable: string, input: JsonObject, options: CallOptions): Promise<Result<Json, Failure>> {
    if (options.signal.aborted) return err(stoppedFailure(callable));
    const missing = whyNotExecutable(this.#python);
    if (missing !== null) return err(missing);
    let timedOut = false;
    const kill = () => this.#pythonia?.com.proc?.kill('SIGKILL');
    const timer = setTimeout(() => {
      timedOut = true;
      kill();
    }, options.timeoutMs);
    options.signal.addEventListener('abort', kill);
    try {
      this.#running ??= this.#start();
      const python = await this.#running;
      const text = python.module.call_json(callable, JSON.stringify(input), options.log);
      const answer = await Promise.race([text, python.ended]);
      if (typeof answer === 'string') return resultOf(JSON.parse(answer) as Answer, callable);
      if (timedOut) return err({reason: 'timed-out', what: callable, afterMs: options.timeoutMs});
      return err(options.signal.aborted ? stoppedFailure(callable) : died(callable, answer, options.log));
    } finally {
      clearTimeout(timer);
      options.signal.removeEventListener('abort', kill);
    }
  }

  async #start(): Promise<Running> {
    this.#pythonia ??= loadPythonia(this.#python);
    // Starts the process if there is none and sends its first message, all before this returns.
    const module = this.#pythonia.python(this.#file);
    const process = this.#pythonia.com.proc!;
    const ended = new Promise<Ended>((resolve) => {
      // Without a listener an error of the channel would end the driver.
      process.on('error', () => {});
      process.once('exit', (code, signal) => {
        this.#running = null;
        this.close();
        resolve({ended: true, code, signal});
      });
    });
    const loaded = await Promise.race([module, ended]);
    return {module: 'ended' in loaded ? NEVER_ANSWERS : loaded, ended};
  }
}

/** Stands for a process that died before it could be called; its end is told by `ended`. */
const NEVER_ANSWERS: PythonModule = {call_json: () => new Promise(() => {})};

function loadPythonia(python: string): Pythonia {
  // It reads these when it is loaded, has no other way to be told, and starts Python at once. 0 = no time limit:
  // ours ends the process, which its own would not.
  process.env['PYTHON_BIN'] = python;
  process.env['REQ_TIMEOUT'] = '0';
  const loaded = createRequire(import.meta.url)('pythonia') as Pythonia;
  // Once a second it tells Python which objects are free, also when Python is gone, and then ends the driver with an
  // error that nobody can catch. Only text goes through this bridge, so there is nothing to free.
  (globalThis as {__pythonBridge?: {end(): void}}).__pythonBridge?.end();
  return loaded;
}

function resultOf(answer: Answer, callable: string): Result<Json, Failure> {
  if (answer.ok) return ok(answer.value);
  const {type, message, traceback, hint} = answer.error;
  if (type === 'ModuleNotFoundError') {
    return err({
      reason: 'environment',
      message,
      hint: 'install it into the Python of this run, or see `pipeline doctor`',
    });
  }
  if (hint !== null) {
    if (/^E[A-Z0-9]+$/.test(type)) return err({reason: 'system', code: type, path: null, message, hint});
    return err({
      reason: 'invalid-input',
      diagnostics: [fault(message, null, hint === '' ? undefined : hint)],
    });
  }
  return err({reason: 'threw', message: `${callable}: ${type}: ${message}`, trace: traceback});
}

function died(callable: string, {code, signal}: Ended, log: string): Failure {
  const how = signal === null ? `exit status ${code}` : signal;
  const message = `Python ended during the call (${how})`;
  return {reason: 'exited', what: callable, code, signal, rank: null, message, tail: tailOf(log, 20)};
}

function whyNotExecutable(python: string): Failure | null {
  try {
    accessSync(python, constants.X_OK);
    return null;
  } catch {
    const message = `cannot start Python: ${python} is no program`;
    return {reason: 'environment', message, hint: 'see PIPELINE_PYTHON and `python:` in the configuration'};
  }
}
