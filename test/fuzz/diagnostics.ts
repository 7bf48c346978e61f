import assert from 'node:assert/strict';
import {gunzipSync} from 'node:zlib';
import type {Diagnostic, Location} from '../../pipeline/model/diagnostic.js';
import {printDiagnostics} from '../../pipeline/show/diagnostic.js';

/** What could move the cursor, break a line or turn the direction of writing. */
const UNSHOWABLE = /[\p{Cc}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

const LONGEST = {message: 600, hint: 4000} as const;

/** Twenty of a file, and one that counts the others. */
const MOST = 21;

/** What must hold of every list of diagnostics about files, whatever is in them. `contents` are their bytes by path. */
export function assertTold(
  diagnostics: readonly Diagnostic[],
  contents: Readonly<Record<string, Uint8Array>>,
): void {
  const files = Object.keys(contents);
  assert.ok(diagnostics.length > 0, 'refused, and nothing said');
  assert.ok(diagnostics.length <= MOST * files.length, `${diagnostics.length} diagnostics`);
  for (const {message, location, hint, related = []} of diagnostics) {
    assertShowable(message, LONGEST.message);
    if (hint !== undefined) assertShowable(hint, LONGEST.hint);
    if (location === null) assert.match(message, /^and \d+ more faults? in /);
    else assertLocated(location, contents);
    for (const other of related) assertLocated(other.location, contents);
  }
  const shown = printDiagnostics(diagnostics, {
    color: false,
    readText: (file) => textOf(contents[file]!) ?? null,
  });
  for (const line of shown.split('\n')) assertShowable(line, LONGEST.hint + 100);
}

export function assertShowable(text: string, longest: number): void {
  assert.ok(!UNSHOWABLE.test(text), `cannot be shown: ${JSON.stringify(text)}`);
  assert.ok(text.length <= longest, `${text.length} characters: ${text.slice(0, 200)}…`);
}

export function assertLocated(location: Location, contents: Readonly<Record<string, Uint8Array>>): void {
  const bytes = contents[location.file];
  assert.ok(bytes !== undefined, `another file: ${location.file}`);
  const lines = (textOf(bytes) ?? '').split('\n');
  const {line, column, length} = location;
  const place = `${line}:${column}+${length} of ${lines.length} lines`;
  assert.ok(Number.isInteger(line) && line >= 1 && line <= lines.length, place);
  const width = lines[line - 1]!.length;
  assert.ok(Number.isInteger(column) && column >= 1 && column <= width + 1, `${place}, ${width} columns`);
  assert.ok(
    Number.isInteger(length) && length >= 1 && column - 1 + length <= Math.max(width, column),
    `${place}, ${width} columns`,
  );
}

/** As an editor shows it; nothing when it is no text. */
function textOf(bytes: Uint8Array): string | undefined {
  try {
    const unpacked = bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes;
    return new TextDecoder('utf-8', {fatal: true}).decode(unpacked);
  } catch {
    return undefined;
  }
}
