/** What the losses of two trainings of the same work say about each other. */
export type Verdict = 'identical' | 'equivalent' | 'different' | 'not distinguishable';

export type LossTest = Readonly<{
  verdict: Verdict;
  /** Why it is this verdict, in words. */
  because: string;
  steps: number;
  /** Of the differences (other − reference) over all steps, and of the reference's own losses. */
  meanDifference: number;
  meanLoss: number;
  largestDifference: number;
  /** In units of the loss: `marginShare` of the reference's mean loss. */
  margin: number;
  marginShare: number;
  /** Null where the steps are too few for blocks that are long enough. */
  interval95: Interval | null;
  interval90: Interval | null;
  blocks: number | null;
  /** Of one step's difference with the next one's. */
  autocorrelation: number;
}>;
type Interval = readonly [low: number, high: number];

/** Blocks at least so many times as long as steps are alike. */
const BLOCK_LENGTHS = 4;
const [FEWEST_BLOCKS, MOST_BLOCKS] = [5, 20];

/**
 * Neighbouring differences are alike (a weight that differs goes on differing), so their mean is less certain than
 * that many independent ones would make it. Batch means: differences are averaged over blocks of consecutive steps, so
 * long that blocks are nearly independent, and Student's t is taken over the blocks; steps that do not make five such
 * blocks say nothing. Equivalent: the 90 % interval lies within the margin (two one-sided tests at 5 %). Different: else,
 * the 95 % interval leaves out zero.
 * @param reference - Losses of each step, as many as `other` has.
 */
export function testLosses(
  reference: readonly number[],
  other: readonly number[],
  {marginShare}: Readonly<{marginShare: number}>,
): LossTest {
  const differences = other.map((loss, step) => loss - reference[step]!);
  const [steps, mean, meanLoss] = [differences.length, meanOf(differences), meanOf(reference)];
  const margin = marginShare * Math.abs(meanLoss);
  const autocorrelation = autocorrelationOf(differences, mean);
  const facts = {
    ...{steps, meanDifference: mean, meanLoss, margin, marginShare, autocorrelation},
    largestDifference: differences.reduce((most, one) => Math.max(most, Math.abs(one)), 0),
  };
  const unknown = {...facts, interval95: null, interval90: null, blocks: null};
  if (facts.largestDifference === 0)
    return {...unknown, verdict: 'identical', because: 'every step has the same loss to the last bit'};
  const alike = stepsAlike(autocorrelation, steps);
  const affordable = steps / (BLOCK_LENGTHS * alike);
  if (affordable < FEWEST_BLOCKS) {
    const because = `${steps} steps are too few: they make no ${FEWEST_BLOCKS} blocks ${BLOCK_LENGTHS} times as long as steps are alike`;
    return {...unknown, verdict: 'not distinguishable', because};
  }
  const blocks = Math.floor(Math.min(MOST_BLOCKS, affordable));
  const [interval95, interval90] = intervalsOf(differences, blocks);
  return {...facts, interval95, interval90, blocks, ...judge({interval95, interval90, margin})};
}

function judge(found: {interval95: Interval; interval90: Interval; margin: number}): {
  verdict: Verdict;
  because: string;
} {
  const {interval95, interval90, margin} = found;
  const isDifferent = interval95[0] > 0 || interval95[1] < 0;
  if (interval90[0] > -margin && interval90[1] < margin) {
    const also = isDifferent ? ', though it is not zero' : '';
    return {verdict: 'equivalent', because: `the mean difference is within the margin${also}`};
  }
  return isDifferent
    ? {verdict: 'different', because: 'the mean difference is not zero, and may be beyond the margin'}
    : {verdict: 'not distinguishable', because: 'the mean difference may be zero, or beyond the margin'};
}

/** Blocks of nearly equal length, over all steps. */
function intervalsOf(differences: readonly number[], blocks: number): readonly [Interval, Interval] {
  const edge = (block: number): number => Math.round((block * differences.length) / blocks);
  const means = Array.from({length: blocks}, (_, block) =>
    meanOf(differences.slice(edge(block), edge(block + 1))),
  );
  const mean = meanOf(differences);
  const spread = means.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (blocks - 1);
  const error = Math.sqrt(spread / blocks);
  const around = (quantile: number): Interval => [mean - quantile * error, mean + quantile * error];
  return [around(STUDENT_975[blocks - FEWEST_BLOCKS]!), around(STUDENT_95[blocks - FEWEST_BLOCKS]!)];
}

/** How many steps tell as much as one independent step would, for a series whose memory fades geometrically. */
function stepsAlike(autocorrelation: number, steps: number): number {
  // The estimate of a short series is too low, by (1 + 3 r) / n (Kendall 1954).
  const corrected = Math.max(0, autocorrelation) + (1 + 3 * Math.max(0, autocorrelation)) / steps;
  const bounded = Math.min(0.99, corrected);
  return (1 + bounded) / (1 - bounded);
}

function autocorrelationOf(series: readonly number[], mean: number): number {
  let [products, squares] = [0, 0];
  for (const [index, value] of series.entries()) {
    squares += (value - mean) ** 2;
    if (index > 0) products += (value - mean) * (series[index - 1]! - mean);
  }
  // Always the same difference: what varies not at all is not alike by chance.
  return squares === 0 ? 0 : products / squares;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Quantiles of Student's t with 4 to 19 degrees of freedom: of 5 to 20 blocks. */
const STUDENT_975 = [
  2.7764, 2.5706, 2.4469, 2.3646, 2.306, 2.2622, 2.2281, 2.201, 2.1788, 2.1604, 2.1448, 2.1314, 2.1199,
  2.1098, 2.1009, 2.093,
] as const;
const STUDENT_95 = [
  2.1318, 2.015, 1.9432, 1.8946, 1.8595, 1.8331, 1.8125, 1.7959, 1.7823, 1.7709, 1.7613, 1.7531, 1.7459,
  1.7396, 1.7341, 1.7291,
] as const;
