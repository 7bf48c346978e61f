import {join} from 'node:path';
import {tailOf} from '../dispatch/tail.js';
import {isJsonObject} from '../model/json.js';
import {err, ok} from '../model/result.js';
import type {StageResult, Work} from '../model/stage-kind.js';
import type {Bridge} from './bridge.js';
import type {WorkOrder} from './work-order.js';

const MAX_LINES = 200;

type OnBridge = Extract<Work, {kind: 'bridge'}>;

/** Calls one Python function: the stage's input in, its summary out. */
export async function runOnBridge(work: OnBridge, bridge: Bridge, order: WorkOrder): Promise<StageResult> {
  const {context, stage, kill} = order;
  const log = join(context.resume, 'bridge.log');
  const result = await bridge.call(work.callable, work.input(context), {
    timeoutMs: Math.min(work.timeoutMs, stage.timeoutMs ?? work.timeoutMs),
    signal: AbortSignal.any([context.signal, kill]),
    log,
  });
  for (const text of tailOf(log, MAX_LINES)) {
    context.report({type: 'stage-output', stream: 'stderr', rank: null, text});
  }
  if (!result.ok) return result;
  if (isJsonObject(result.value)) return ok(result.value);
  const message = `${work.callable} returned no object but ${JSON.stringify(result.value)}`;
  return err({reason: 'threw', message, trace: ''});
}
