import {fileURLToPath} from 'node:url';

/** The program's root, absolute; this file runs from dist/pipeline/commands. */
export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** The folder of the Python sources, absolute. */
export const PYTHON_SOURCES = fileURLToPath(new URL('../../../py', import.meta.url));
