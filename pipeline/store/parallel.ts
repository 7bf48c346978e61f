/** Applies `action` to every item, at most `width` at a time; the results are in the order of the items. */
export async function inParallel<Item, Value>(
  items: readonly Item[],
  width: number,
  action: (item: Item, index: number) => Promise<Value>,
): Promise<Value[]> {
  const values = new Array<Value>(items.length);
  let next = 0;
  async function work(): Promise<void> {
    while (next < items.length) {
      const index = next++;
      values[index] = await action(items[index]!, index);
    }
  }
  await Promise.all(Array.from({length: Math.min(width, items.length)}, work));
  return values;
}
