/**
 * Applies `action` to every item, at most `width` at a time; the results are in the order of the items. When one
 * throws, no other is begun, `halt` tells those at work, and it is thrown once they have ended.
 */
export async function inParallel<Item, Value>(
  items: readonly Item[],
  {width, halt}: Readonly<{width: number; halt: AbortController}>,
  action: (item: Item) => Promise<Value>,
): Promise<readonly Value[]> {
  const values = new Array<Value>(items.length);
  const thrown: unknown[] = [];
  let next = 0;
  async function work(): Promise<void> {
    while (next < items.length && thrown.length === 0) {
      const index = next++;
      try {
        values[index] = await action(items[index]!);
      } catch (error) {
        thrown.push(error);
        halt.abort();
      }
    }
  }
  await Promise.all(Array.from({length: Math.min(width, items.length)}, work));
  if (thrown.length > 0) throw thrown[0];
  return values;
}
