import {createTurns} from './turns.js';

/** 64-bit hashes as two halves each: BigInts would be ten times as slow. */
export type Hashes = Readonly<{high: Uint32Array; low: Uint32Array}>;

/** Two images by their place among the hashes, `one` < `other`, and how many bits their hashes differ in. */
export type NearPair = Readonly<{one: number; other: number; bits: number}>;

/** @param texts - 16 hexadecimal digits each. */
export function parseHashes(texts: readonly string[]): Hashes {
  const [high, low] = [new Uint32Array(texts.length), new Uint32Array(texts.length)];
  for (const [index, text] of texts.entries()) {
    if (!/^[0-9a-f]{16}$/.test(text)) throw new Error(`Internal error: ${text} is no perceptual hash`);
    high[index] = Number.parseInt(text.slice(0, 8), 16);
    low[index] = Number.parseInt(text.slice(8), 16);
  }
  return {high, low};
}

/**
 * All pairs of hashes that differ in at most `bits` bits. Cut into one band more than that, two such hashes are equal in
 * one band at least, so only hashes that share a band are compared: with 8 bits a twelfth of all pairs.
 * @param most - So many pairs are enough: the hashes do not tell these images apart, and the answer is null.
 */
export async function findNearPairs(
  hashes: Hashes,
  {bits, most, signal}: Readonly<{bits: number; most: number; signal: AbortSignal}>,
): Promise<readonly NearPair[] | null> {
  const bands = bandsFor(bits);
  const turns = createTurns(signal);
  const pairs: NearPair[] = [];
  for (const [turn, band] of bands.entries()) {
    // Two hashes may share several bands: the first one counts.
    const isFirst = (one: number, other: number): boolean =>
      bands.slice(0, turn).every((earlier) => !shareBand(hashes, {one, other}, earlier));
    const sorted = sortByBand(hashes, band);
    for (const rows of rowsToCompare(sorted.starts)) {
      compareRows(sorted, {...rows, bits, most, isFirst, pairs});
      if (pairs.length > most) return null;
      if (turns.isOver()) await turns.next();
    }
  }
  return pairs.sort((a, b) => a.one - b.one || a.other - b.other);
}

/** The bits that two 64-bit hashes differ in. */
export function hammingDistance(hashes: Hashes, one: number, other: number): number {
  const {high, low} = hashes;
  return countBits(high[one]! ^ high[other]!) + countBits(low[one]! ^ low[other]!);
}

/** Bits of one half, from the lowest. */
type Band = Readonly<{half: keyof Hashes; shift: number; width: number}>;

/** More bands than `bits`, of nearly equal width, none across both halves, none wider than 16 bits. */
function bandsFor(bits: number): readonly Band[] {
  const all = Math.max(4, bits + 1);
  return (['high', 'low'] as const).flatMap((half) => {
    const count = half === 'high' ? Math.ceil(all / 2) : Math.floor(all / 2);
    const border = (index: number): number => Math.round((32 * index) / count);
    return Array.from({length: count}, (_, index) => {
      return {half, shift: border(index), width: border(index + 1) - border(index)};
    });
  });
}

/** Hashes with equal bands one after the other; bucket b is from `starts[b]` to `starts[b + 1]`. */
type Sorted = Hashes & Readonly<{places: Uint32Array; starts: Uint32Array}>;

/** A counting sort: the compared hashes then lie side by side in memory. */
function sortByBand({high, low}: Hashes, band: Band): Sorted {
  const keys = {high, low}[band.half];
  const starts = new Uint32Array(2 ** band.width + 1);
  for (const key of keys) starts[bandOf(key, band) + 1]!++;
  for (let bucket = 1; bucket < starts.length; bucket++) starts[bucket]! += starts[bucket - 1]!;
  const next = starts.slice();
  const sorted = {
    high: new Uint32Array(keys.length),
    low: new Uint32Array(keys.length),
    places: new Uint32Array(keys.length),
  };
  for (let index = 0; index < keys.length; index++) {
    const place = next[bandOf(keys[index]!, band)]!++;
    sorted.high[place] = high[index]!;
    sorted.low[place] = low[index]!;
    sorted.places[place] = index;
  }
  return {...sorted, starts};
}

/** So few that comparing them with a hundred thousand others takes some milliseconds. */
const ROWS_AT_ONCE = 32;

/** Rows `from` to `until` of a bucket that ends at `to`. */
type Rows = Readonly<{from: number; until: number; to: number}>;

function* rowsToCompare(starts: Uint32Array): Iterable<Rows> {
  for (let bucket = 0; bucket + 1 < starts.length; bucket++) {
    const to = starts[bucket + 1]!;
    for (let from = starts[bucket]!; from + 1 < to; from += ROWS_AT_ONCE) {
      yield {from, until: Math.min(to, from + ROWS_AT_ONCE), to};
    }
  }
}

type Comparison = Rows &
  Readonly<{
    bits: number;
    most: number;
    isFirst(one: number, other: number): boolean;
    pairs: NearPair[];
  }>;

/** With those after them in their bucket. */
function compareRows({high, low, places}: Sorted, comparison: Comparison): void {
  const {from, until, to, bits, most, isFirst, pairs} = comparison;
  for (let index = from; index < until && pairs.length <= most; index++) {
    const [oneHigh, oneLow] = [high[index]!, low[index]!];
    for (let next = index + 1; next < to; next++) {
      // The halves are counted written out: these lines run hundreds of millions of times.
      let x = oneHigh ^ high[next]!;
      x -= (x >>> 1) & 0x55555555;
      x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
      let differing = Math.imul((x + (x >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
      if (differing > bits) continue;
      differing += countBits(oneLow ^ low[next]!);
      if (differing > bits) continue;
      // The sort is stable, so places rise within a bucket.
      const [one, other] = [places[index]!, places[next]!];
      if (isFirst(one, other)) pairs.push({one, other, bits: differing});
    }
  }
}

function shareBand(
  hashes: Hashes,
  {one, other}: Readonly<{one: number; other: number}>,
  band: Band,
): boolean {
  const half = hashes[band.half];
  return bandOf(half[one]!, band) === bandOf(half[other]!, band);
}

function bandOf(key: number, {shift, width}: Band): number {
  return (key >>> shift) & (2 ** width - 1);
}

function countBits(value: number): number {
  let x = value - ((value >>> 1) & 0x55555555);
  x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
  return Math.imul((x + (x >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
