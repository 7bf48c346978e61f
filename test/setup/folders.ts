import {join} from 'node:path';

/** The repository; this file runs as dist/test/setup/folders.js. Absolute. */
export const ROOT = join(import.meta.dirname, '..', '..', '..');
export const PYTHON_SOURCE = join(ROOT, 'py');
