import assert from 'node:assert/strict';
import {testLosses} from '../../pipeline/compare/loss-test.js';
import {createRandom, type Random} from '../../pipeline/stages/random.js';

/** Normal by Box and Muller. */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}

/** A series whose neighbours are alike by `memory`, with variance 1 and mean 0. */
function alike(steps: number, memory: number, random: Random): readonly number[] {
  let value = normal(random);
  return Array.from({length: steps}, () => {
    value = memory * value + Math.sqrt(1 - memory * memory) * normal(random);
    return value;
  });
}

/** Student's t over five blocks, however alike their steps are. */
function differsByFiveBlocks(series: readonly number[]): boolean {
  const edge = (block: number): number => Math.round((block * series.length) / 5);
  const means = [0, 1, 2, 3, 4].map((block) => {
    const part = series.slice(edge(block), edge(block + 1));
    return part.reduce((sum, one) => sum + one, 0) / part.length;
  });
  const mean = means.reduce((sum, one) => sum + one, 0) / 5;
  const variance = means.reduce((sum, one) => sum + (one - mean) ** 2, 0) / 4;
  return Math.abs(mean) > 2.7764 * Math.sqrt(variance / 5);
}

const FALLING = (steps: number): readonly number[] =>
  Array.from({length: steps}, (_, step) => 0.2 + 0.5 * Math.exp(-step / 40));

const MARGIN = {marginShare: 0.01};

describe('the test of losses', () => {
  it('rarely takes equal trainings for different, however alike neighbouring steps are', () => {
    const random = createRandom(11);
    for (const steps of [24, 48, 100, 234, 1000]) {
      for (const memory of [0, 0.3, 0.5, 0.8, 0.95]) {
        let alarms = 0;
        const series = 500;
        for (let turn = 0; turn < series; turn++) {
          const noise = alike(steps, memory, random);
          const {interval95} = testLosses(
            noise.map(() => 0),
            noise,
            MARGIN,
          );
          if (interval95 !== null && (interval95[0] > 0 || interval95[1] < 0)) alarms++;
        }
        // Of 5 % that are meant; 500 series tell a share of 8 % to within 2.4 points.
        assert.ok(alarms / series <= 0.105, `${steps} steps, memory ${memory}: ${alarms} of ${series}`);
      }
    }
  });

  it('concludes nothing of steps that do not make five blocks four times as long as they are alike', () => {
    const random = createRandom(16);
    const [steps, series] = [48, 500];
    // Of those that say nothing, and of them those that five shorter blocks would call different where nothing is.
    for (const {memory, least, wrong} of [
      {memory: 0.5, least: 250, wrong: 0},
      {memory: 0.9, least: 480, wrong: 0.15},
    ]) {
      let [tooFew, wouldBeWrong] = [0, 0];
      for (let turn = 0; turn < series; turn++) {
        const noise = alike(steps, memory, random);
        const zero = noise.map(() => 0);
        const {verdict, blocks, interval95, autocorrelation} = testLosses(zero, noise, MARGIN);
        const estimate = Math.max(0, autocorrelation);
        const corrected = Math.min(0.99, estimate + (1 + 3 * estimate) / steps);
        const length = 4 * ((1 + corrected) / (1 - corrected));
        if (steps >= 5 * length) {
          assert.ok(steps / blocks! >= length);
          continue;
        }
        tooFew++;
        assert.deepEqual([verdict, blocks, interval95], ['not distinguishable', null, null]);
        if (differsByFiveBlocks(noise)) wouldBeWrong++;
      }
      assert.ok(tooFew > least && (wrong > 0 || tooFew < series), `memory ${memory}: ${tooFew}`);
      assert.ok(wouldBeWrong >= wrong * tooFew, `memory ${memory}: ${wouldBeWrong} of ${tooFew}`);
    }
  });

  it('would often take them for different if steps counted as independent', () => {
    const random = createRandom(12);
    let alarms = 0;
    for (let turn = 0; turn < 300; turn++) {
      const noise = alike(234, 0.8, random);
      const mean = noise.reduce((sum, one) => sum + one, 0) / noise.length;
      const variance = noise.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (noise.length - 1);
      if (Math.abs(mean) > 1.96 * Math.sqrt(variance / noise.length)) alarms++;
    }
    assert.ok(alarms > 90, String(alarms));
  });

  it('says equivalent for a difference within the margin, different for one beyond', () => {
    const random = createRandom(13);
    const reference = FALLING(400);
    const noise = alike(400, 0.5, random).map((value) => 0.002 * value);
    const same = testLosses(
      reference,
      reference.map((loss, step) => loss + noise[step]!),
      MARGIN,
    );
    assert.equal(same.verdict, 'equivalent');
    assert.ok(Math.abs(same.meanDifference) < same.margin);
    assert.ok(same.interval90![0] > same.interval95![0] && same.interval90![1] < same.interval95![1]);
    const longer = FALLING(4000);
    const drift = alike(4000, 0.5, random).map((value) => 0.002 * value);
    const worse = testLosses(
      longer,
      longer.map((loss, step) => 1.05 * loss + drift[step]!),
      MARGIN,
    );
    assert.equal(worse.verdict, 'different');
    assert.ok(worse.meanDifference > worse.margin);
  });

  it('takes two trainings that are beyond the margin for equivalent hardly ever', () => {
    const random = createRandom(14);
    let misses = 0;
    for (let turn = 0; turn < 400; turn++) {
      const noise = alike(300, 0.6, random);
      const reference = noise.map(() => 10);
      // Exactly at the margin: where the error is as likely as it may be.
      const {verdict} = testLosses(
        reference,
        noise.map((value) => 10 + 0.1 + 0.3 * value),
        MARGIN,
      );
      if (verdict === 'equivalent') misses++;
    }
    assert.ok(misses <= 40, `${misses} of 400`);
  });

  it('says not distinguishable where noise hides everything, and of too few steps', () => {
    const random = createRandom(15);
    const noise = alike(200, 0.5, random);
    const loud = testLosses(
      noise.map(() => 1),
      noise.map((value) => 1 + value),
      MARGIN,
    );
    assert.equal(loud.verdict, 'not distinguishable');
    assert.equal(loud.because, 'the mean difference may be zero, or beyond the margin');
    const few = testLosses([1, 1, 1, 1], [1.1, 1.2, 1.1, 1.15], MARGIN);
    assert.equal(few.verdict, 'not distinguishable');
    assert.equal(few.interval95, null);
    assert.equal(
      few.because,
      '4 steps are too few: they make no 5 blocks 4 times as long as steps are alike',
    );
  });

  it('says identical of equal losses alone, and different of ones that are always apart', () => {
    const reference = FALLING(60);
    assert.equal(testLosses(reference, reference, MARGIN).verdict, 'identical');
    const apart = testLosses(
      reference.map(() => 1),
      reference.map(() => 2),
      MARGIN,
    );
    assert.equal(apart.verdict, 'different');
    assert.deepEqual(apart.interval95, [1, 1]);
  });
});
