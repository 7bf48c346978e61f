import {mkdirSync} from 'node:fs';
import type {JsonObject} from '../../pipeline/model/json.js';
import type {StageId} from '../../pipeline/model/stage.js';
import type {ArtifactRef, PythonTool} from '../../pipeline/model/stage-kind.js';
import {preprocess} from '../../pipeline/stages/preprocess/stage.js';

/** What the process is told, as JSON in its first argument. */
export type PreprocessOrder = Readonly<{
  dataset: ArtifactRef;
  archives?: ArtifactRef;
  earlier?: readonly ArtifactRef[];
  out: string;
  resume: string;
  params: JsonObject;
  python?: PythonTool;
}>;

/** What it says of itself in the last line that it prints. `peakBytes` is of resident memory, all threads together. */
export type PreprocessAccount = Readonly<{facts: JsonObject; processorSeconds: number; peakBytes: number}>;

// The stage in a process of its own, to be killed or measured.
const order = JSON.parse(process.argv[2]!) as PreprocessOrder;
mkdirSync(order.out, {recursive: true});
if (preprocess.work.kind !== 'in-process') throw new Error('Internal error');
const result = await preprocess.work.run({
  stage: 'alone' as StageId,
  params: preprocess.params.parse(order.params),
  needs: [order.dataset],
  need: () => order.dataset,
  optionalNeed: () => order.archives ?? null,
  out: order.out,
  resume: order.resume,
  report: () => undefined,
  signal: new AbortController().signal,
  concurrency: 2,
  runFolder: order.out,
  digests: () => new Map(),
  earlier: async () => order.earlier ?? [],
  leftovers: async () => [],
  python: async () => {
    if (order.python === undefined) throw new Error('Internal error: Python is not asked for here');
    return {ok: true, value: order.python};
  },
});
if (!result.ok) throw new Error(JSON.stringify(result.error));
const {userCPUTime, systemCPUTime, maxRSS} = process.resourceUsage();
const account: PreprocessAccount = {
  facts: result.value,
  processorSeconds: (userCPUTime + systemCPUTime) / 1e6,
  peakBytes: maxRSS * 1024,
};
console.log(JSON.stringify(account));
