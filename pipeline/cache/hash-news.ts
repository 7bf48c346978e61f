import type {News} from '../model/event.js';
import type {StageId} from '../model/stage.js';
import type {HashProgress} from './hash.js';

/** Four times a second: what takes less time to hash is not worth a word. */
const EVERY_MS = 250;

/** Tells of hashing as progress of the stage that waits for it, before it is decided. */
export function hashNews(tools: {
  report(news: News): void;
  /** Milliseconds on a clock that only goes forward. */
  now(): number;
}): HashProgress {
  const toldAtMs = new Map<StageId, number>();
  return ({done, total}, stage) => {
    if (stage === null) return;
    const nowMs = tools.now();
    const last = toldAtMs.get(stage);
    if (last === undefined) toldAtMs.set(stage, nowMs);
    if (last === undefined || nowMs - last < EVERY_MS) return;
    toldAtMs.set(stage, nowMs);
    tools.report({type: 'stage-progress', stage, done, total, unit: 'files hashed'});
  };
}
