import assert from 'node:assert/strict';
import {mkdirSync} from 'node:fs';
import {join} from 'node:path';
import type {WorkOrder} from '../../pipeline/execute/work-order.js';
import type {Stage} from '../../pipeline/model/stage.js';
import type {StageContext, StageNews, Work} from '../../pipeline/model/stage-kind.js';
import {digest, kind, stage} from '../cache/stages.js';
import {RUN} from '../store/workplace.js';

export type OrderOptions = Readonly<{
  stage?: Partial<Stage>;
  context?: Partial<StageContext>;
  signal?: AbortSignal;
  kill?: AbortSignal;
  onNews?: (news: StageNews) => void;
  onAbandoned?: (work: Promise<unknown>) => void;
}>;

/** An order for one attempt, with `out` and `resume` in the folder. */
export function orderFor(folder: string, work: Work, options: OrderOptions = {}): WorkOrder {
  const [out, resume] = [join(folder, 'out'), join(folder, 'resume')];
  for (const path of [out, resume]) mkdirSync(path, {recursive: true});
  const own = stage({name: 'train', kind: kind({work}), ...options.stage});
  const never = new AbortController().signal;
  return {
    ...{stage: own, fingerprint: digest('train'), run: RUN, kill: options.kill ?? never},
    context: {
      ...{stage: own.id, params: own.params, needs: [], out, resume, concurrency: 1, runFolder: folder},
      need: () => assert.fail('not asked for here'),
      optionalNeed: () => null,
      ...{
        digests: () => new Map(),
        earlier: async () => [],
        leftovers: async () => [],
        python: () => assert.fail('not asked for here'),
      },
      report: options.onNews ?? (() => {}),
      signal: options.signal ?? never,
      ...options.context,
    },
    noteChild: () => {},
    noteAbandoned: options.onAbandoned ?? (() => {}),
  };
}
