import type {Failure} from '../model/failure.js';
import {endsOfRanks} from '../model/rank-exits.js';
import {unreachable} from '../model/result.js';
import {countOf, formatDuration} from '../model/words.js';
import {type DiagnosticView, diagnosticLines} from './diagnostic.js';
import {type Line, renderLine, span} from './line.js';
import {outputLines, printable} from './text.js';

const WITHOUT_SOURCE: DiagnosticView = {color: false, readText: () => null};
/** Lines of a program's last words, or of a trace, that fit on a screen beside the rest. */
const MOST_LINES = 20;
const OUT_OF_MEMORY =
  'if memory ran out (dmesg tells), accumulate or a smaller batch_size needs less; run again: the job goes on from its last checkpoint';

type Exited = Extract<Failure, {reason: 'exited'}>;

/** Why a stage failed and what to do, for people: several lines, ending with a line end. */
export function describeFailure(failure: Failure, view: DiagnosticView = WITHOUT_SOURCE): string {
  return failureLines(failure, view)
    .map((line) => `${renderLine(line, view.color)}\n`)
    .join('');
}

/** The same as lines. The first says what happened, see failureHeadline. */
export function failureLines(failure: Failure, view: DiagnosticView): readonly Line[] {
  const head: Line = [span(failureHeadline(failure))];
  switch (failure.reason) {
    case 'invalid-input':
      return [head, ...failure.diagnostics.flatMap((diagnostic) => diagnosticLines(diagnostic, view))];
    case 'exited':
      return [head, ...othersLines(failure), ...quoted(failure.tail, 'last'), ...memoryHint(failure)];
    case 'timed-out':
      return [head, hint('give the stage a longer timeout, or find out what it waits for')];
    case 'output-missing':
      return [head, hint('look at what it printed: pipeline logs')];
    case 'agent-lost':
      return [head, hint('run again: training goes on from its last checkpoint')];
    case 'busy':
    case 'environment':
    case 'system':
      return [head, hint(failure.hint)];
    case 'threw':
      return [
        head,
        ...quoted(failure.trace.split('\n'), 'first'),
        hint('this is a fault of the pipeline: please report it'),
      ];
    default:
      return unreachable(failure);
  }
}

/** What happened, in one line without a line end. */
export function failureHeadline(failure: Failure): string {
  switch (failure.reason) {
    case 'invalid-input': {
      const [first] = failure.diagnostics;
      const only = failure.diagnostics.length === 1 && first !== undefined;
      return only
        ? `invalid input: ${printable(first.message)}`
        : `invalid input: ${countOf(failure.diagnostics.length, 'fault')}`;
    }
    case 'exited':
      return exitedText(failure);
    case 'timed-out':
      return `${printable(failure.what)} was stopped: it took longer than ${formatDuration(failure.afterMs / 1000)}`;
    case 'output-missing':
      return `it ended without writing ${printable(failure.path)}`;
    case 'agent-lost':
      return `the runtime agent at ${printable(failure.address)} was lost: ${printable(failure.message)}`;
    case 'busy':
    case 'environment':
      return printable(failure.message);
    case 'system':
      return systemText(failure);
    case 'threw':
      return printable(failure.message);
    default:
      return unreachable(failure);
  }
}

/** How the other ranks of the job ended. */
function othersLines({ranks, rank}: Exited): readonly Line[] {
  const others = endsOfRanks(ranks ?? [], rank);
  return others === '' || (ranks ?? []).length < 2 ? [] : [[span('  '), span(printable(others), 'dim')]];
}

/** The kernel tells nobody but its own log why it killed a rank. */
function memoryHint({ranks, signal, rank}: Exited): readonly Line[] {
  const exit = ranks?.find((each) => each.rank === rank);
  if (signal !== 'SIGKILL' || exit === undefined || exit.error !== null) return [];
  return [hint(OUT_OF_MEMORY)];
}

function exitedText({what, rank, code, signal, message, ranks}: Exited): string {
  // What a job's message says of a signal names the rank already.
  if (ranks !== undefined && signal !== null && message !== '') return printable(`${what}: ${message}`);
  const who = rank === null ? what : `rank ${rank} of ${what}`;
  const how = signal === null ? `ended with exit code ${code ?? 'unknown'}` : `was ended by ${signal}`;
  return printable(message === '' ? `${who} ${how}` : `${who} ${how}: ${message}`);
}

function systemText({code, path, message}: Extract<Failure, {reason: 'system'}>): string {
  const about = path === null || message.includes(path) ? '' : `: ${path}`;
  return printable(message.includes(code) ? message + about : `${message}${about} (${code})`);
}

function hint(text: string): Line {
  return [span('  hint: ', 'live'), span(printable(text))];
}

/** @param keep - Of too many lines: the last ones of an output, the first ones of a trace. */
function quoted(texts: readonly string[], keep: 'first' | 'last'): readonly Line[] {
  const lines = texts.flatMap(outputLines).filter((line, index) => line !== '' || index > 0);
  const kept = keep === 'last' ? lines.slice(-MOST_LINES) : lines.slice(0, MOST_LINES);
  return kept.map((line) => [span('  │ ', 'dim'), span(line)]);
}
