import {mkdirSync} from 'node:fs';
import type {JsonObject} from '../../pipeline/model/json.js';
import type {StageId} from '../../pipeline/model/stage.js';
import {acquire} from '../../pipeline/stages/acquire/stage.js';

/** What the process is told, as JSON in its first argument. */
export type AcquireOrder = Readonly<{out: string; resume: string; params: JsonObject}>;

// The stage in a process of its own, to be killed.
const order = JSON.parse(process.argv[2]!) as AcquireOrder;
mkdirSync(order.out, {recursive: true});
if (acquire.work.kind !== 'in-process') throw new Error('Internal error');
await acquire.work.run({
  stage: 'killed' as StageId,
  params: acquire.params.parse(order.params),
  needs: [],
  need: () => {
    throw new Error('Internal error: nothing is needed here');
  },
  optionalNeed: () => null,
  out: order.out,
  resume: order.resume,
  report: () => undefined,
  signal: new AbortController().signal,
  concurrency: 2,
  runFolder: order.out,
  digests: () => new Map(),
  earlier: async () => [],
  leftovers: async () => [],
  python: () => {
    throw new Error('Internal error: Python is not asked for here');
  },
});
