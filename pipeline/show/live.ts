import type {createLogUpdate} from 'log-update';
import type {Event} from '../model/event.js';
import type {DiagnosticView} from './diagnostic.js';
import {drawRun} from './draw.js';
import {failureLines} from './failure.js';
import {type Line, renderLine, span, wrapLine} from './line.js';
import {EMPTY_LOG, logEvent, stageLines, type Verbosity} from './lines.js';
import {follow, type RunView} from './state.js';

/** What shows a run while it goes on. */
export type Terminal = Readonly<{
  receive(event: Event): void;
  /** Idempotent. What is shown then stays. */
  close(): void;
}>;

/** Where and how to show a run; the caller has looked at flags, environment and terminal. */
export type TerminalOptions = Readonly<{
  stream: TerminalStream;
  /** Width of a live region on a stream that does not know its own. */
  columns: number;
  color: boolean;
  /** A region that is redrawn in place; else lines are only appended. */
  live: boolean;
  verbosity: Verbosity;
  now(): Date;
  /** The text of a file that a diagnostic names, for the source lines of failures. */
  readText?: DiagnosticView['readText'];
}>;

/** A terminal knows its size, a pipe does not. */
export type TerminalStream = NodeJS.WritableStream & {readonly columns?: number; readonly rows?: number};

/** A live region on a terminal, append-only lines otherwise and when quiet. */
export function createTerminal(options: TerminalOptions): Terminal {
  return options.live && options.verbosity >= 0 ? createLive(options) : createAppending(options);
}

const FRAME_MS = 100;
const ROWS_OF_A_PIPE = 1000;
/** Where the second line of a long text begins: behind the clock. */
const CARRIED_INDENT = 9;

function createLive(options: TerminalOptions): Terminal {
  const {stream, verbosity, now} = options;
  const columns = () => stream.columns ?? options.columns;
  const region = createRegion(stream, options.columns);
  let view: RunView | null = null;
  /** Lines that stay, waiting to be written above the region: together, so that it flickers once. */
  let above: Line[] = [];
  const draw = (rows: number): string => {
    if (view === null) return '';
    return render(drawRun(view, {columns: columns(), rows, nowMs: now().getTime()}), options);
  };
  const writeAbove = (): void => {
    if (above.length === 0) return;
    region.clear();
    stream.write(render(wrap(above, columns(), CARRIED_INDENT), options));
    above = [];
  };
  const frame = (): void => {
    writeAbove();
    if (view !== null) region.draw(draw(stream.rows ?? ROWS_OF_A_PIPE));
  };
  let open = true;
  const timer = setInterval(frame, FRAME_MS);
  timer.unref();
  return {
    receive: (event) => {
      view = follow(view, event);
      if (view !== null && stays(event, verbosity)) above.push(...stageLines(event, {view, verbosity}));
    },
    close: () => {
      if (!open) return;
      open = false;
      clearInterval(timer);
      writeAbove();
      region.clear();
      const failures = view === null ? [] : failuresOf(view, options);
      stream.write(draw(Number.POSITIVE_INFINITY));
      stream.write(render(wrap(failures, columns(), 4), options));
      region.done();
    },
  };
}

type Region = Readonly<{draw(text: string): void; clear(): void; done(): void}>;

/** Loads what draws it when it first draws: a run that has nothing to do is over before and need not pay for it. */
function createRegion(stream: TerminalStream, columns: number): Region {
  type LogUpdate = ReturnType<typeof createLogUpdate>;
  let state: LogUpdate | 'unused' | 'loading' | 'done' = 'unused';
  const load = async (): Promise<void> => {
    const {createLogUpdate} = await import('log-update');
    if (state !== 'loading') return;
    state = createLogUpdate(stream, {defaultWidth: columns, defaultHeight: ROWS_OF_A_PIPE});
  };
  return {
    draw: (text) => {
      if (typeof state === 'function') state(text);
      if (state !== 'unused') return;
      state = 'loading';
      void load();
    },
    clear: () => {
      if (typeof state === 'function') state.clear();
    },
    done: () => {
      if (typeof state === 'function') state.done();
      state = 'done';
    },
  };
}

/** Warnings always, and that it stops; with -v also what stages print. The rest is in the region. */
function stays(event: Event, verbosity: Verbosity): boolean {
  if (event.type === 'run-stopping') return true;
  if (event.type === 'stage-note') return event.level === 'warning' || event.stays === true || verbosity >= 1;
  return verbosity >= 1 && (event.type === 'stage-output' || event.type === 'job-event');
}

function failuresOf({stages}: RunView, options: TerminalOptions): readonly Line[] {
  return stages.flatMap(({id, phase}): readonly Line[] => {
    if (phase.is !== 'settled' || phase.outcome.status !== 'failed') return [];
    const [head, ...rest] = failureLines(phase.outcome.failure, sourceView(options));
    return [[], [span(`${id} failed: `, 'bad'), ...head!], ...rest];
  });
}

function createAppending(options: TerminalOptions): Terminal {
  const {stream, verbosity} = options;
  let log = EMPTY_LOG;
  return {
    receive: (event) => {
      const next = logEvent(log, event, verbosity);
      log = next.log;
      // On a terminal no word is broken by its edge; a file has none.
      const columns = stream.columns ?? Number.POSITIVE_INFINITY;
      stream.write(render(wrap(next.lines, columns, CARRIED_INDENT), options));
      if (event.type === 'stage-finished' && event.outcome.status === 'failed') {
        // The line that tells of the failure has its headline already.
        const [, ...details] = failureLines(event.outcome.failure, sourceView(options));
        stream.write(render(details, options));
      }
    },
    close: () => {},
  };
}

function wrap(lines: readonly Line[], columns: number, indent: number): readonly Line[] {
  return lines.flatMap((line) => wrapLine(line, columns, indent));
}

function sourceView({color, readText}: TerminalOptions): DiagnosticView {
  return {color, readText: readText ?? (() => null)};
}

function render(lines: readonly Line[], {color}: TerminalOptions): string {
  return lines.map((line) => `${renderLine(line, color)}\n`).join('');
}
