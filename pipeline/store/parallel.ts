import {setImmediate as nextTurn} from 'node:timers/promises';

/** For so long an action that never waits keeps signals, timers and the terminal waiting. */
const TURN_MS = 25;

/** Applies `action` to every item, at most `width` at a time; the results are in the order of the items. */
export async function inParallel<Item, Value>(
  items: readonly Item[],
  width: number,
  action: (item: Item, index: number) => Promise<Value>,
): Promise<Value[]> {
  const values = new Array<Value>(items.length);
  let next = 0;
  let turnAtMs = performance.now();
  async function work(): Promise<void> {
    while (next < items.length) {
      const index = next++;
      values[index] = await action(items[index]!, index);
      if (performance.now() - turnAtMs < TURN_MS) continue;
      await nextTurn();
      turnAtMs = performance.now();
    }
  }
  await Promise.all(Array.from({length: Math.min(width, items.length)}, work));
  return values;
}
