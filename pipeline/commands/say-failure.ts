import {EXIT, type ExitCode} from '../model/exit-code.js';
import type {Failure} from '../model/failure.js';
import {describeFailure} from '../show/failure.js';
import {sayFaults} from './say-faults.js';
import type {Shell} from './shell.js';

/** Prints a failure for people. @returns the exit code that it stands for. */
export function sayFailure(shell: Shell, failure: Failure): ExitCode {
  if (failure.reason === 'invalid-input') {
    sayFaults(shell, failure.diagnostics);
    return exitCodeOf(failure);
  }
  if (shell.json) shell.print(`${JSON.stringify({schema: 'pipeline/error/v1', failure}, null, 2)}\n`);
  shell.say(`error: ${describeFailure(failure)}\n`);
  return exitCodeOf(failure);
}

export function exitCodeOf(failure: Failure): ExitCode {
  switch (failure.reason) {
    case 'timed-out':
      return EXIT.timeout;
    case 'busy':
      return EXIT.locked;
    case 'environment':
      return EXIT.environment;
    default:
      return EXIT.stageFailed;
  }
}
