/**
 * The smooth functions that shade a radiograph, from tables: calling Math for every pixel took most of the time. The
 * tables are made with additions and multiplications alone, whose results are the same on every machine.
 */
const STEPS_PER_UNIT = 256;
const SIGMOID_LIMIT = 8;
const GAUSS_LIMIT = 16;
const SINE_STEPS = 4096;

const SIGMOID = Float32Array.from({length: 2 * SIGMOID_LIMIT * STEPS_PER_UNIT + 1}, (_, step) => {
  const power = exponential(SIGMOID_LIMIT - step / STEPS_PER_UNIT);
  return 1 / (1 + power);
});
const GAUSS = Float32Array.from({length: GAUSS_LIMIT * STEPS_PER_UNIT + 1}, (_, step) =>
  exponential(-step / STEPS_PER_UNIT),
);
const SINE = Float32Array.from({length: SINE_STEPS}, (_, step) => sineOf((step * 2 * Math.PI) / SINE_STEPS));

/** From 0 to 1 around zero: 1 / (1 + e^-x). */
export function sigmoid(x: number): number {
  if (x <= -SIGMOID_LIMIT) return 0;
  if (x >= SIGMOID_LIMIT) return 1;
  return SIGMOID[((x + SIGMOID_LIMIT) * STEPS_PER_UNIT) | 0]!;
}

/** e^-z for z at or above zero; with z a square it is a bell. */
export function bell(z: number): number {
  return z >= GAUSS_LIMIT ? 0 : GAUSS[(z * STEPS_PER_UNIT) | 0]!;
}

/** Of an angle in radians. */
export function sine(angle: number): number {
  return SINE[((angle * (SINE_STEPS / (2 * Math.PI))) | 0) & (SINE_STEPS - 1)]!;
}

export function square(x: number): number {
  return x * x;
}

/** Length of the vector (x, y). */
export function distance(x: number, y: number): number {
  return Math.sqrt(x * x + y * y);
}

/** e^x by its series, of x / 2^6 and squared six times. */
export function exponential(x: number): number {
  let [term, sum] = [1, 1];
  for (let n = 1; n <= 20; n++) {
    term *= x / 64 / n;
    sum += term;
  }
  for (let doubling = 0; doubling < 6; doubling++) sum *= sum;
  return sum;
}

/** Sine by its series, good for one turn. */
export function sineOf(angle: number): number {
  const x = angle > Math.PI ? angle - 2 * Math.PI : angle;
  let [term, sum] = [x, x];
  for (let n = 1; n <= 12; n++) {
    term *= (-x * x) / (2 * n * (2 * n + 1));
    sum += term;
  }
  return sum;
}
