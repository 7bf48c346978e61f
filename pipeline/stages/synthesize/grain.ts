import {createRandom} from '../random.js';

/** How many values of noise there are; each row of an image begins at a random place among them. */
export const GRAIN_LENGTH = 1 << 17;

/** Fractional bits of a value. */
export const GRAIN_BITS = 8;

/** Standard deviation in gray levels. */
const DEVIATION = 2;

const GRAIN = makeGrain();

/** Quantum noise of the detector: gray levels times 2^GRAIN_BITS. */
export function grain(place: number): number {
  return GRAIN[place]!;
}

/** Sums of four uniform numbers are near enough to normal; their deviation is 1 / sqrt(3). */
function makeGrain(): Int16Array {
  const random = createRandom(99);
  return Int16Array.from({length: GRAIN_LENGTH}, () => {
    const sum = random.next() + random.next() + random.next() + random.next() - 2;
    return Math.round(2 ** GRAIN_BITS * DEVIATION * sum * 1.73);
  });
}
