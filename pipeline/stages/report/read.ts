import {existsSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import type {ZodType} from 'zod';
import type {Finding} from '../../model/findings.js';
import type {ArtifactRef} from '../../model/stage-kind.js';
import {readCsv} from '../csv.js';
import type {BoxRow} from '../dataset.js';

/**
 * A JSON file of ours in the shape that its writer gives it. Artifacts are verified before a stage reads them and run
 * folders have one writer, so another shape is a fault of ours.
 */
export function readJson<T>(file: string, shape: ZodType<T>): T {
  const parsed = shape.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (!parsed.success) throw new Error(`Internal error: ${file} is not as expected: ${parsed.error.message}`);
  return parsed.data;
}

/** Null when there is no such file. */
export function readJsonIfThere<T>(file: string, shape: ZodType<T>): T | null {
  return existsSync(file) ? readJson(file, shape) : null;
}

/** Null when there is no such file. */
export function readTextIfThere(file: string): string | null {
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
}

/** The rows of a CSV file of ours, cells by the name of their column. */
export function readRecords(file: string): readonly Readonly<Record<string, string>>[] {
  const table = readCsv(file);
  if (!table.ok) throw new Error(`Internal error: ${file}: ${table.error.message}`);
  const names = table.value.header.cells;
  return table.value.rows.map(({cells}) =>
    Object.fromEntries(names.map((name, column) => [name, cells[column] ?? ''])),
  );
}

/** The boxes of a data set artifact, in pixels of the source images. */
export function readBoxes(dataset: ArtifactRef): readonly BoxRow[] {
  return readRecords(join(dataset.path, 'boxes.csv')).map((record) => ({
    image: record['image']!,
    finding: record['finding'] as Finding,
    x: Number(record['x']),
    y: Number(record['y']),
    width: Number(record['width']),
    height: Number(record['height']),
  }));
}
