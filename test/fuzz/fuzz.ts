import assert from 'node:assert/strict';
import {randomInt} from 'node:crypto';
import {Worker} from 'node:worker_threads';
import fc from 'fast-check';
import {HANG_MS, NOTE_BYTES} from './watchdog.js';

/**
 * Defines two tests of one property: one with the same values every time, one with others every time. The seed stands in
 * the name of the test, and FUZZ_SEED=… runs that one alone. FUZZ_RUNS=20 takes twenty times as many values.
 */
export type Always = <Value>(
  title: string,
  values: fc.Arbitrary<Value>,
  check: (value: Value) => void | Promise<void>,
  options?: FuzzOptions,
) => void;

export type FuzzOptions = Readonly<{
  /** How many values, if the time suffices for so many. */
  runs?: number;
}>;

const FIXED_SEED = 20260401;

const RUNS = 100;

/** Of one test. What it has not tried by then it does not try: on a busy machine there are fewer values, not a longer wait. */
const TEST_MS = 300;

/** Of one value. Far above what any takes, also on a busy machine. */
const VALUE_MS = 5_000;

/** A `describe` with a watchdog: what hangs could not be ended by a test in the same thread. */
export function describeFuzz(title: string, body: (always: Always) => void): void {
  const beat = new Int32Array(new SharedArrayBuffer(4));
  const note = new Uint8Array(new SharedArrayBuffer(NOTE_BYTES));
  let watchdog: Worker | undefined;
  const onValue = (about: string): void => {
    new TextEncoder().encodeInto(about.padEnd(NOTE_BYTES), note);
    Atomics.add(beat, 0, 1);
    Atomics.notify(beat, 0);
  };
  describe(title, () => {
    before(() => {
      watchdog = new Worker(new URL('./watchdog.js', import.meta.url), {workerData: {beat, note}});
      watchdog.unref();
    });
    after(() => watchdog?.terminate());
    body((name, values, check, options = {}) => {
      for (const {seed, kind} of seeds()) {
        it(`${name} (${kind} seed ${seed})`, async function () {
          this.timeout(2 * HANG_MS);
          await run({values, check, seed, options, onValue: () => onValue(`${name}: FUZZ_SEED=${seed}`)});
        });
      }
    });
  });
}

function seeds(): readonly Readonly<{seed: number; kind: string}>[] {
  const given = process.env['FUZZ_SEED'];
  if (given !== undefined) return [{seed: Number(given), kind: 'given'}];
  return [
    {seed: FIXED_SEED, kind: 'fixed'},
    {seed: randomInt(2 ** 31), kind: 'random'},
  ];
}

async function run<Value>({
  values,
  check,
  seed,
  options,
  onValue,
}: Readonly<{
  values: fc.Arbitrary<Value>;
  check: (value: Value) => void | Promise<void>;
  seed: number;
  options: FuzzOptions;
  onValue(): void;
}>): Promise<void> {
  const times = Number(process.env['FUZZ_RUNS'] ?? 1);
  const property = fc.asyncProperty(values, async (value) => {
    onValue();
    const start = performance.now();
    await check(value);
    const took = performance.now() - start;
    assert.ok(took < VALUE_MS, `took ${Math.round(took)} ms`);
  });
  await fc.assert(property, {
    seed,
    numRuns: (options.runs ?? RUNS) * times,
    interruptAfterTimeLimit: TEST_MS * times,
    markInterruptAsFailure: false,
  });
}
