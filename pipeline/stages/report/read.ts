import {existsSync, readFileSync} from 'node:fs';
import type {ZodType} from 'zod';

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
