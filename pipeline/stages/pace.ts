import type {StageNews} from '../model/stage-kind.js';

const INTERVAL_MS = 250;

/** Tells how far a stage is, at most four times a second: news is for people, and each is written to disk. */
export type Pace = Readonly<{advance(done: number): void; finish(): void}>;

/** @param total - Of `unit`s (plural), for example 600 images; `bytes` are shown as MB and GB. Null while unknown. */
export function createPace({
  report,
  total,
  unit,
}: Readonly<{report(news: StageNews): void; total: number | null; unit: string}>): Pace {
  let [last, reported] = [Number.NEGATIVE_INFINITY, -1];
  let latest = 0;
  const say = (): void => {
    reported = latest;
    report({type: 'stage-progress', done: latest, total, unit});
  };
  return {
    advance: (done) => {
      latest = done;
      const now = performance.now();
      if (now - last < INTERVAL_MS) return;
      last = now;
      say();
    },
    finish: () => {
      if (reported !== latest) say();
    },
  };
}
