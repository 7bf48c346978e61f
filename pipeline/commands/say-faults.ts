import {readFileSync, statSync} from 'node:fs';
import {resolve} from 'node:path';
import {gunzipSync} from 'node:zlib';
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

/** Of larger files no line is shown. */
const MOST_BYTES = 64 * 2 ** 20;

/** The text of a file that a fault is in, gzipped or not; null when it cannot be read. */
export function readSource(shell: Shell, file: string): string | null {
  try {
    const path = resolve(shell.folder, file);
    if (statSync(path).size > MOST_BYTES) return null;
    const bytes = readFileSync(path);
    const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
    return (isGzip ? gunzipSync(bytes, {maxOutputLength: MOST_BYTES}) : bytes).toString('utf8');
  } catch {
    return null;
  }
}
