import {z} from 'zod';
import type {StageKind} from '../model/stage-kind.js';

const outName = z
  .string()
  .min(1)
  .refine((name) => !name.startsWith('/') && !name.split('/').includes('..'), {
    error: 'must lie in the stage’s own folder: a relative path without ..',
  });

/** The parameters of an `exec` stage as its executor sees them; `deps` are absolute by then. */
export const execParams = z.strictObject({
  /** A line for /bin/sh, or a program with its arguments. */
  command: z.union([z.string().min(1), z.array(z.string()).min(1)]),
  deps: z.array(z.string().min(1)).default([]),
  outs: z.array(outName).min(1),
  /** Names of environment variables whose values decide whether the stage must run again. */
  env: z.array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of a variable')).default([]),
});

export const execKind: StageKind = {
  uses: 'exec',
  version: 1,
  summary: 'Runs any command that writes the files it declares',
  inputs: [],
  output: 'files',
  params: execParams,
  paths: [
    {
      param: 'deps',
      is: 'either',
      hint: 'create it, or take it out of deps; paths are relative to the configuration',
    },
  ],
  speedOnly: [],
  slots: {},
  work: {kind: 'exec'},
};
