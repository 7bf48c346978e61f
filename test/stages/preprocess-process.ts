import {mkdirSync} from 'node:fs';
import type {JsonObject} from '../../pipeline/model/json.js';
import type {StageId} from '../../pipeline/model/stage.js';
import type {ArtifactRef} from '../../pipeline/model/stage-kind.js';
import {preprocess} from '../../pipeline/stages/preprocess/stage.js';

/** What the process is told, as JSON in its first argument. */
export type PreprocessOrder = Readonly<{
  dataset: ArtifactRef;
  out: string;
  resume: string;
  params: JsonObject;
}>;

// The stage in a process of its own, to be killed.
const order = JSON.parse(process.argv[2]!) as PreprocessOrder;
mkdirSync(order.out, {recursive: true});
if (preprocess.work.kind !== 'in-process') throw new Error('Internal error');
await preprocess.work.run({
  stage: 'killed' as StageId,
  params: preprocess.params.parse(order.params),
  needs: [order.dataset],
  need: () => order.dataset,
  optionalNeed: () => null,
  out: order.out,
  resume: order.resume,
  report: () => undefined,
  signal: new AbortController().signal,
  concurrency: 2,
  runFolder: order.out,
  digests: () => new Map(),
  earlier: [],
  python: () => {
    throw new Error('Internal error: Python is not asked for here');
  },
});
