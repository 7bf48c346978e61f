/** How one output sample is made: the sum of source samples from `start` on, times these weights. */
export type Tap = Readonly<{start: number; weights: readonly number[]}>;

/** Fractional bits of a weight; they leave room for eight bits of sample and a sum in 32 bits. */
const FRACTION_BITS = 22;

/**
 * Weights of Pillow's antialiased BILINEAR resize along one axis, in the same order of operations as its C code
 * (libImaging/Resample.c, precompute_coeffs and normalize_coeffs_8bpc), so that the rounding is the same too.
 * @returns One per output sample; whole numbers, 1.0 being 2^22.
 */
export function bilinearTaps(source: number, target: number): readonly Tap[] {
  const scale = source / target;
  const support = Math.max(scale, 1);
  return Array.from({length: target}, (_, output) => {
    const center = (output + 0.5) * scale;
    const start = Math.max(0, Math.trunc(center - support + 0.5));
    const end = Math.min(source, Math.trunc(center + support + 0.5));
    const shares = Array.from({length: end - start}, (_, tap) =>
      triangle((tap + start - center + 0.5) * (1 / support)),
    );
    const sum = shares.reduce((total, share) => total + share, 0);
    return {start, weights: shares.map((share) => Math.trunc(0.5 + (share / sum) * 2 ** FRACTION_BITS))};
  });
}

function triangle(distance: number): number {
  return Math.max(0, 1 - Math.abs(distance));
}
