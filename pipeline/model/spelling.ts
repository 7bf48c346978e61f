/** The one of `known` that the word most likely meant, or null when none is near enough to suggest it. */
export function nearest(word: string, known: Iterable<string>): string | null {
  const wanted = normalise(word);
  let best: {name: string; distance: number} | null = null;
  for (const name of known) {
    const distance = editDistance(wanted, normalise(name));
    const shorter = Math.min(wanted.length, name.length);
    // Of a word of one letter nothing is left when that letter differs.
    const near = distance <= Math.max(1, Math.floor(shorter / 3)) && (distance < shorter || distance === 0);
    if (near && (best === null || distance < best.distance)) best = {name, distance};
  }
  return best?.name ?? null;
}

/** A hint for a name that is not known: "did you mean …?", or else which names there are. */
export function didYouMean(word: string, known: Iterable<string>): string | undefined {
  const names = [...known];
  const name = nearest(word, names);
  if (name !== null) return `did you mean "${name}"?`;
  if (names.length === 0) return undefined;
  return names.length === 1 ? `known: ${names[0]}` : `known are ${names.join(', ')}`;
}

/** Case and the kind of separator are no difference: `batchSize` and `batch-size` are near `batch_size`. */
function normalise(word: string): string {
  return word
    .replace(/(\p{Ll})(\p{Lu})/gu, '$1_$2')
    .replaceAll('-', '_')
    .toLowerCase();
}

/** Damerau–Levenshtein (optimal string alignment): insertions, deletions, changes and swaps of neighbours. */
export function editDistance(left: string, right: string): number {
  const [a, b] = [[...left], [...right]];
  let beforeLast: number[] = [];
  let last = Array.from({length: b.length + 1}, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const change = a[row - 1] === b[column - 1] ? 0 : 1;
      let cost = Math.min(last[column]! + 1, current[column - 1]! + 1, last[column - 1]! + change);
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) cost = Math.min(cost, beforeLast[column - 2]! + 1);
      current.push(cost);
    }
    [beforeLast, last] = [last, current];
  }
  return last[b.length]!;
}
