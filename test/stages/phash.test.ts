import assert from 'node:assert/strict';
import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import fc from 'fast-check';
import {decodePng} from '../../pipeline/stages/preprocess/decode.js';
import {createKernel, type Kernel} from '../../pipeline/stages/preprocess/kernel.js';
import {perceptualHash} from '../../pipeline/stages/preprocess/phash.js';
import {ROOT} from '../rig.js';
import {grayPicture} from './png-maker.js';
import {NIH, needsRealData} from './rig.js';

const SIDE = 256;

type Picture = (x: number, y: number) => number;

/** A picture as `side * side` pixels; what is not from 0 to 255 is cut. */
function draw(picture: Picture, side = SIDE): Uint8Array {
  return Uint8ClampedArray.from({length: side * side}, (_, place) =>
    picture(place % side, Math.floor(place / side)),
  ) as unknown as Uint8Array;
}

function distance(one: string, other: string): number {
  let [bits, differing] = [BigInt(`0x${one}`) ^ BigInt(`0x${other}`), 0];
  for (; bits > 0n; bits >>= 1n) differing += Number(bits & 1n);
  return differing;
}

describe('the perceptual hash', () => {
  it('is the same on every machine: 64 bits of a picture that is known', () => {
    for (const [seed, side, hash] of [
      [1, 256, 'a472e14b5bc9dfaa'],
      [2, 100, '8432e0476c486f29'],
      [3, 1024, '8c72cbcbeac8efaa'],
    ] as const) {
      assert.equal(perceptualHash(draw(grayPicture(seed), side), side), hash);
    }
    for (const gray of [0, 1, 128, 255]) {
      assert.equal(
        perceptualHash(
          draw(() => gray),
          SIDE,
        ),
        perceptualHash(
          draw(() => 0),
          SIDE,
        ),
      );
    }
  });

  it('is 16 digits for pixels of any kind and size', () => {
    const pictures = fc.integer({min: 64, max: 300}).chain((side) =>
      fc.record({
        side: fc.constant(side),
        pixels: fc.uint8Array({minLength: side * side, maxLength: side * side}),
      }),
    );
    fc.assert(
      fc.property(pictures, ({side, pixels}) => {
        assert.match(perceptualHash(pixels, side), /^[0-9a-f]{16}$/);
        assert.equal(perceptualHash(pixels, side), perceptualHash(Uint8Array.from(pixels), side));
      }),
      {numRuns: 20, seed: 4},
    );
  });

  it('hardly changes with brightness, contrast, noise, re-encoding and shifts', function () {
    needsRealData(this, join(NIH, 'images'));
    const kernel = kernelOf(SIDE);
    for (const name of namesOf().slice(0, 12)) {
      const pixels = Uint8Array.from(pixelsOf(name, kernel));
      const picture: Picture = (x, y) => pixels[clamp(y) * SIDE + clamp(x)]!;
      const hash = perceptualHash(pixels, SIDE);
      const variants: Record<string, readonly [Picture, limit: number]> = {
        darker: [(x, y) => 0.9 * picture(x, y), 4],
        brighter: [(x, y) => 1.1 * picture(x, y), 4],
        lifted: [(x, y) => picture(x, y) + 20, 4],
        coarser: [(x, y) => 8 * Math.round(picture(x, y) / 8), 4],
        noisy: [(x, y) => picture(x, y) + (Math.imul(x * 31 + y * 17, 2_654_435_761) >>> 28) - 8, 4],
        'shifted by one pixel of 256': [(x, y) => picture(x + 1, y - 1), 10],
        'shifted by two': [(x, y) => picture(x - 2, y), 12],
      };
      for (const [what, [variant, limit]] of Object.entries(variants)) {
        const bits = distance(hash, perceptualHash(draw(variant), SIDE));
        assert.ok(bits <= limit, `${name} ${what}: ${bits} bits`);
      }
    }
  });

  it('tells the real radiographs of different patients apart, and knows them at other sizes', function () {
    needsRealData(this, join(NIH, 'images'));
    this.timeout(60_000);
    const [large, small] = [hashesAt(256), hashesAt(64)];
    const between = large.flatMap((hash, place) =>
      large.slice(0, place).map((other) => distance(hash, other)),
    );
    between.sort((one, other) => one - other);
    assert.ok(between[0]! >= 12, `two patients differ in ${between[0]} bits`);
    assert.ok(between[between.length >> 1]! >= 30);
    const same = large.map((hash, place) => distance(hash, small[place]!));
    assert.ok(Math.max(...same) <= 6, `another size changes ${Math.max(...same)} bits`);
  });
});

function clamp(place: number): number {
  return Math.min(SIDE - 1, Math.max(0, place));
}

function hashesAt(size: number): readonly string[] {
  const kernel = kernelOf(size);
  return namesOf().map((name) => perceptualHash(pixelsOf(name, kernel), size));
}

function namesOf(): readonly string[] {
  return readdirSync(join(NIH, 'images')).sort();
}

/** A view that the next image overwrites. */
function pixelsOf(name: string, kernel: Kernel): Uint8Array {
  const decoded = decodePng(readFileSync(join(NIH, 'images', name)), kernel);
  return decoded.ok ? decoded.value.pixels : assert.fail(decoded.error);
}

function kernelOf(size: number): Kernel {
  const file = join(ROOT, 'dist/pipeline/stages/preprocess/kernel.wasm');
  return createKernel(new WebAssembly.Module(readFileSync(file)), size);
}
