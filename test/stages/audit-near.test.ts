import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {acquire} from '../../pipeline/stages/acquire/stage.js';
import {findNearPairs, hammingDistance, parseHashes} from '../../pipeline/stages/audit/near-duplicates.js';
import {audit} from '../../pipeline/stages/audit/stage.js';
import {NPY_HEADER_BYTES} from '../../pipeline/stages/preprocess/npy.js';
import {preprocess} from '../../pipeline/stages/preprocess/stage.js';
import {createRandom} from '../../pipeline/stages/random.js';
import {artifactsOf, changed, cropped, type Picture} from './audit-rig.js';
import {factsOf, NIH, NIH_METADATA, needsRealData, withBench} from './rig.js';
import {cellsOf} from './split-rig.js';

/** Hashes around a few centres, so that near ones and far ones are among them. */
function hashesAround(count: number, seed: number): readonly string[] {
  const random = createRandom(seed);
  const word = (): number => random.below(2 ** 32);
  const centres = Array.from({length: 8}, () => [word(), word()] as const);
  return Array.from({length: count}, () => {
    const [high, low] = centres[random.below(centres.length)]!;
    const noise = (): number => word() & word() & word() & word();
    const text = (half: number): string => ((half ^ noise()) >>> 0).toString(16).padStart(8, '0');
    return text(high) + text(low);
  });
}

function randomHashes(count: number): string[] {
  const random = createRandom(2);
  const word = (): string =>
    random
      .below(2 ** 32)
      .toString(16)
      .padStart(8, '0');
  return Array.from({length: count}, () => word() + word());
}

const NEVER = new AbortController().signal;

describe('near-duplicates', () => {
  it('are all the pairs that a comparison of each with each finds, once', async () => {
    const hashes = parseHashes(hashesAround(250, 1));
    for (const bits of [0, 1, 2, 3, 5, 8, 12]) {
      const expected: string[] = [];
      for (let one = 0; one < 250; one++) {
        for (let other = one + 1; other < 250; other++) {
          const distance = hammingDistance(hashes, one, other);
          if (distance <= bits) expected.push(`${one} ${other} ${distance}`);
        }
      }
      const found = (await findNearPairs(hashes, {bits, most: 1e6, signal: NEVER}))!;
      assert.deepEqual(
        found.map(({one, other, bits: distance}) => `${one} ${other} ${distance}`),
        expected,
      );
    }
  });

  it('are too many when the hashes do not tell the images apart', async () => {
    const hashes = parseHashes(Array.from({length: 60_000}, () => '0123456789abcdef'));
    assert.equal(await findNearPairs(hashes, {bits: 8, most: 1000, signal: NEVER}), null);
  });

  it('are found among 112,120 hashes in seconds', async function () {
    this.timeout(60_000);
    const texts = randomHashes(112_119);
    const last = texts[77]!;
    texts.push(last.replace(/^./, (digit) => (Number.parseInt(digit, 16) ^ 0b1001).toString(16)));
    const before = process.cpuUsage();
    const found = (await findNearPairs(parseHashes(texts), {bits: 8, most: 1e6, signal: NEVER}))!;
    const {user, system} = process.cpuUsage(before);
    assert.ok(found.some(({one, other, bits}) => one === 77 && other === 112_119 && bits === 2));
    assert.ok(user + system < 10e6, `${(user + system) / 1e6} s of processor time`);
  });

  it('are looked for without holding the process, and can be stopped', async () => {
    const stop = new AbortController();
    setImmediate(() => stop.abort(new Error('stopped')));
    const hashes = parseHashes(randomHashes(112_120));
    await assert.rejects(findNearPairs(hashes, {bits: 12, most: 1e6, signal: stop.signal}), /stopped/);
  });

  it('are no two people among 160 real radiographs, and nearly every copy of one', async function () {
    this.timeout(120_000);
    needsRealData(this, NIH_METADATA, join(NIH, 'images'));
    await withBench(async (bench) => {
      const dataset = await bench.run(acquire, {images: join(NIH, 'images'), metadata: NIH_METADATA});
      const made = await bench.run(preprocess, {size: 128}, {needs: [dataset.artifact]});
      const {images: count} = factsOf(made) as {images: number};
      const pixels = readFileSync(join(made.artifact.path, 'images.npy')).subarray(NPY_HEADER_BYTES);
      const originals = Array.from({length: count}, (_, row) =>
        pixels.subarray(row * 128 ** 2, (row + 1) * 128 ** 2),
      );
      const copies: Readonly<Record<string, (original: Uint8Array) => Uint8Array>> = {
        brighter: (original) => changed(original, (value) => value + 20),
        darker: (original) => changed(original, (value) => value - 20),
        coarser: (original) => changed(original, (value) => 8 * Math.round(value / 8)),
        steeper: (original) => changed(original, (value) => 1.2 * value - 25),
        cropped: (original) => cropped(original, 128, 1.28),
      };
      for (const [name, copy] of Object.entries(copies)) {
        const pictures = originals.flatMap((original, row): readonly Picture[] => [
          {image: `${row}.png`, patient: row, fold: 'train', sha256: `${row}`, pixels: original},
          {
            image: `${row}-${name}.png`,
            patient: row,
            fold: 'test',
            sha256: `${row}-${name}`,
            pixels: copy(original),
          },
        ]);
        const needs = artifactsOf(bench, pictures, 128);
        const finished = await bench.run(audit, {accept: ['near-duplicates']}, {needs});
        factsOf(finished);
        const pairs = cellsOf(finished, 'pairs.csv');
        assert.ok(
          pairs.every(([, , patient, , , other]) => patient === other),
          'no two people are taken for one',
        );
        assert.ok(pairs.length >= 0.95 * count, `${name}: ${pairs.length} of ${count} copies are found`);
      }
    });
  });
});
