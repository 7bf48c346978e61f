import {readFileSync} from 'node:fs';
import {resolve} from 'node:path';
import type {Diagnostic} from '../model/diagnostic.js';
import {printDiagnostics} from '../show/diagnostic.js';
import type {Shell} from './shell.js';

/** Prints faults for people, each with its source line; with --json also as the document on stdout. */
export function sayFaults(shell: Shell, faults: readonly Diagnostic[]): void {
  if (shell.json) {
    const document = {schema: 'pipeline/error/v1', diagnostics: faults};
    shell.print(`${JSON.stringify(document, null, 2)}\n`);
  }
  const readText = (file: string): string | null => readSource(shell, file);
  shell.say(printDiagnostics(faults, {color: shell.terminal.color, readText}));
}

/** The text of a file that a fault is in; null when it cannot be read. */
export function readSource(shell: Shell, file: string): string | null {
  try {
    return readFileSync(resolve(shell.folder, file), 'utf8');
  } catch {
    return null;
  }
}
