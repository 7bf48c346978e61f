import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {deflateSync} from 'node:zlib';
import fc from 'fast-check';
import {decodePng} from '../../pipeline/stages/preprocess/decode.js';
import {createKernel, type Kernel} from '../../pipeline/stages/preprocess/kernel.js';
import {ROOT} from '../rig.js';
import {chunk, grayPng, makePng, type PngRecipe, SIGNATURE} from './png-maker.js';

const SIZE = 64;
const SEED = 20_260_105;
/** One seed that never changes and one that always does; a failure tells its seed and the smallest case. */
const SEEDS = [SEED, Date.now()];

function newKernel(): Kernel {
  const file = join(ROOT, 'dist/pipeline/stages/preprocess/kernel.wasm');
  return createKernel(new WebAssembly.Module(readFileSync(file)), SIZE);
}

/** Whatever the bytes are: pixels, or the end of a sentence. And the kernel is as good as before. */
function assertSurvives(kernel: Kernel, bytes: Buffer): void {
  const decoded = decodePng(bytes, kernel);
  if (decoded.ok) assert.equal(decoded.value.pixels.length, SIZE * SIZE);
  else assert.match(decoded.error, /^(is|has|does|uses) [^\n]+$/);
}

const FILES: readonly Buffer[] = [
  grayPng(64, 64, 1),
  grayPng(33, 70, 2),
  ...(
    [
      {colourType: 6, depth: 8, pixel: (x, y) => [x, y, 0, 255]},
      {colourType: 0, depth: 16, interlaced: true, pixel: (x, y) => [x * y]},
      {
        colourType: 3,
        depth: 4,
        palette: [
          [1, 2, 3],
          [4, 5, 6],
        ],
        pixel: (x) => [x & 1],
      },
      {colourType: 0, depth: 1, interlaced: true, pixel: (x, y) => [(x + y) & 1]},
    ] satisfies Omit<PngRecipe, 'width' | 'height'>[]
  ).map((recipe) => makePng({width: 40, height: 21, ...recipe})),
];

/** Bytes changed, left out or put in, anywhere. */
const damaged = fc
  .record({
    file: fc.constantFrom(...FILES),
    edits: fc.array(
      fc.record({at: fc.nat(10_000), remove: fc.nat(6), insert: fc.uint8Array({maxLength: 6})}),
      {minLength: 1, maxLength: 4},
    ),
  })
  .map(({file, edits}) => {
    let bytes = file;
    for (const {at, remove, insert} of edits) {
      const place = at % (bytes.length + 1);
      bytes = Buffer.concat([bytes.subarray(0, place), insert, bytes.subarray(place + remove)]);
    }
    return bytes;
  });

/** Chunks with right checksums: what no checksum keeps away from the decoder. */
const wellFormed = fc
  .record({
    width: fc.oneof(fc.integer({min: 0, max: 80}), fc.nat(0xffff_ffff)),
    height: fc.oneof(fc.integer({min: 0, max: 80}), fc.nat(0xffff_ffff)),
    rest: fc.tuple(
      fc.constantFrom(1, 2, 4, 8, 16, 3, 0),
      fc.constantFrom(0, 2, 3, 4, 6, 1, 5),
      fc.constant(0),
      fc.constant(0),
      fc.constantFrom(0, 1),
    ),
    chunks: fc.array(
      fc.oneof(
        fc.uint8Array({maxLength: 800}).map((data) => chunk('PLTE', Buffer.from(data))),
        fc.uint8Array({maxLength: 5000}).map((data) => chunk('IDAT', deflateSync(data))),
        fc.integer({min: 0, max: 200_000}).map((length) => chunk('IDAT', deflateSync(Buffer.alloc(length)))),
        fc.uint8Array({maxLength: 40}).map((data) => chunk('IDAT', Buffer.from(data))),
        fc.constantFrom('tEXt', 'IHDR', 'zzzz', 'ABCD').map((type) => chunk(type, Buffer.alloc(13))),
      ),
      {maxLength: 4},
    ),
  })
  .map(({width, height, rest, chunks}) => {
    const header = Buffer.alloc(13);
    header.writeUInt32BE(width, 0);
    header.writeUInt32BE(height, 4);
    header.set(rest, 8);
    return Buffer.concat([SIGNATURE, chunk('IHDR', header), ...chunks, chunk('IEND', Buffer.alloc(0))]);
  });

describe('PNG files of any bytes', () => {
  for (const [what, files, numRuns] of [
    ['damaged anywhere', damaged, 1500],
    ['made of well-formed chunks', wellFormed, 800],
  ] as const) {
    it(`become pixels or a reason, never a crash: ${what}`, function () {
      this.timeout(60_000);
      const [kernel, picture] = [newKernel(), grayPng(64, 64, 1)];
      const before = decodePng(picture, kernel);
      const intact = before.ok ? Buffer.from(before.value.pixels) : assert.fail(before.error);
      for (const seed of SEEDS) {
        fc.assert(
          fc.property(files, (bytes) => assertSurvives(kernel, bytes)),
          {seed, numRuns, interruptAfterTimeLimit: 10_000},
        );
      }
      const after = decodePng(picture, kernel);
      assert.ok(after.ok && intact.equals(after.value.pixels), 'the kernel still decodes a good file');
    });
  }
});
