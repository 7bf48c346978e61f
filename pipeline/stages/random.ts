/** A seeded stream of pseudo-random numbers: the same on every machine, since it uses 32-bit integers only. */
export type Random = Readonly<{
  /** In [0, 1), a multiple of 2^-32. */
  next(): number;
  between(low: number, high: number): number;
  /** A whole number in [0, limit). */
  below(limit: number): number;
  /** A new order of the same elements. */
  shuffled<T>(elements: readonly T[]): T[];
}>;

/** SplitMix32 (Steele, Lea and Flood 2014, 32-bit finalizer by Wellons). `seed` is taken modulo 2^32. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x9e3779b9) | 0;
    let bits = state ^ (state >>> 16);
    bits = Math.imul(bits, 0x21f0aaad);
    bits ^= bits >>> 15;
    bits = Math.imul(bits, 0x735a2d97);
    return ((bits ^ (bits >>> 15)) >>> 0) / 4294967296;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    next,
    below,
    between: (low, high) => low + (high - low) * next(),
    shuffled: <T>(elements: readonly T[]): T[] => {
      const order = [...elements];
      for (let last = order.length - 1; last > 0; last--) {
        const other = below(last + 1);
        [order[last], order[other]] = [order[other]!, order[last]!];
      }
      return order;
    },
  };
}
