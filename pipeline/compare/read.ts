import {readFileSync} from 'node:fs';
import {dirname} from 'node:path';
import {BENCH_SCHEMA, type BenchRecord, benchRecordShape} from '../bench/record.js';
import {check} from '../config/faults.js';
import {parseYaml} from '../config/source.js';
import {type Diagnostic, fault} from '../model/diagnostic.js';
import {isJsonObject, type Json} from '../model/json.js';
import {err, ok, type Result} from '../model/result.js';

/** What can be compared; `name` is how it was given. */
export type Compared = Readonly<{kind: 'bench-train'; name: string; record: BenchRecord}>;

/**
 * Reads one thing to compare by what it says that it is.
 * @param file - `name` as it was given, `path` absolute.
 * @returns Every fault at its place in the file.
 */
export function readCompared(
  file: Readonly<{name: string; path: string}>,
): Result<Compared, readonly Diagnostic[]> {
  const {name, path} = file;
  const read = readText(path);
  if (!read.ok) return err([fault(`${name} ${read.error}`, null, HINT)]);
  const start = {file: name, line: 1, column: 1, length: 1};
  const value = parseJson(read.value);
  if (value === undefined) {
    const source = parseYaml({file: name, folder: dirname(path), text: read.value});
    return err(source.ok ? [fault('this is no JSON', start, HINT)] : source.error);
  }
  const schema = isJsonObject(value) ? value['schema'] : undefined;
  if (schema !== BENCH_SCHEMA) {
    const says =
      typeof schema === 'string' ? `its schema is ${JSON.stringify(schema)}` : 'it names no schema';
    return err([fault(`this is nothing that can be compared: ${says}`, start, HINT)]);
  }
  const record = benchRecordShape.safeParse(value);
  if (record.success) return ok({kind: 'bench-train', name, record: record.data});
  return err(located(file, read.value));
}

const HINT = 'compare takes the records that bench train writes, or the names of its runs';

/** The same fault again, from a parser that knows the places: most records need none. */
function located({name, path}: Readonly<{name: string; path: string}>, text: string): readonly Diagnostic[] {
  const source = parseYaml({file: name, folder: dirname(path), text});
  if (!source.ok || source.value === null) return source.ok ? [] : source.error;
  const {faults} = check(benchRecordShape, {root: source.value, at: []});
  if (faults.length === 0)
    throw new Error('Internal error: a record is refused and nothing is wrong with it');
  return faults.slice(0, MOST_FAULTS);
}

const MOST_FAULTS = 20;

function readText(path: string): Result<string, string> {
  try {
    return ok(readFileSync(path, 'utf8'));
  } catch (error) {
    const {code, message} = error as NodeJS.ErrnoException;
    if (code === 'EISDIR') return err('is a folder');
    return err(code === 'ENOENT' ? 'does not exist' : `cannot be read: ${message}`);
  }
}

function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
