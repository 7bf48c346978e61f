import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import fc from 'fast-check';
import {readImageStart} from '../../pipeline/stages/acquire/image-kind.js';
import {decodePng} from '../../pipeline/stages/preprocess/decode.js';
import {createKernel} from '../../pipeline/stages/preprocess/kernel.js';
import {grayPng, SIGNATURE} from '../stages/png-maker.js';
import {changed, changes} from './changes.js';
import {assertShowable} from './diagnostics.js';
import {describeFuzz} from './fuzz.js';
import {changeChunks, chunkChange, chunksOf, joinChunks, picture} from './png-chunks.js';

const SIZE = 64;

/** More than the largest image that is read needs; less than what hostile headers would like to have. */
const MOST_BYTES = 450e6;

describeFuzz('PNG files of all kinds', (always) => {
  const wasm = new URL('../../pipeline/stages/preprocess/kernel.wasm', import.meta.url);
  const kernel = createKernel(new WebAssembly.Module(readFileSync(wasm)), SIZE);
  const good = grayPng(50, 70, 3);
  const expected = pixelsOf(good) ?? Buffer.alloc(0);

  function pixelsOf(bytes: Buffer): Buffer | null {
    const decoded = decodePng(bytes, kernel);
    if (decoded.ok) {
      assert.equal(decoded.value.pixels.length, SIZE * SIZE);
      return Buffer.from(decoded.value.pixels);
    }
    assertShowable(decoded.error, 200);
    assert.match(decoded.error, /^(is|has|does|uses) /);
    return null;
  }

  /** Decodes or refuses; afterwards the next image comes out as ever. */
  function decodesOrRefuses(bytes: Buffer): boolean {
    const decoded = pixelsOf(bytes) !== null;
    const start = readImageStart(bytes, 'a.png');
    if (decoded) assert.ok(start.ok, 'read, though its beginning is none of an image');
    assert.deepEqual(pixelsOf(good), expected);
    return decoded;
  }

  before(() => assert.equal(expected.length, SIZE * SIZE));

  always('are decoded to the gray values that were written', picture, ({recipe, bytes, gray}) => {
    const decoded = pixelsOf(bytes);
    assert.ok(decoded !== null);
    assert.deepEqual(decoded, Buffer.from(kernel.fromPixels(recipe, gray)));
  });

  always(
    'are refused when any one byte is another',
    fc.tuple(
      picture,
      fc.double({min: 0, max: 1, maxExcluded: true, noNaN: true}),
      fc.integer({min: 1, max: 255}),
    ),
    ([{bytes}, at, xor]) => {
      const copy = Buffer.from(bytes);
      copy[Math.floor(at * copy.length)]! ^= xor;
      assert.equal(decodesOrRefuses(copy), false);
    },
  );

  always(
    'are refused when they are cut off, or go on',
    fc.tuple(
      picture,
      fc.double({min: 0, max: 1, maxExcluded: true, noNaN: true}),
      fc.uint8Array({minLength: 1, maxLength: 30}),
    ),
    ([{bytes}, at, more]) => {
      assert.equal(decodesOrRefuses(bytes.subarray(0, Math.floor(at * bytes.length))), false);
      assert.equal(decodesOrRefuses(Buffer.concat([bytes, more])), false);
    },
  );

  always(
    'are decoded or refused, whatever was done to their bytes',
    fc.tuple(picture, changes),
    ([{bytes}, spoilt]) => {
      decodesOrRefuses(changed(bytes, spoilt));
    },
    {runs: 200},
  );

  always(
    'are decoded or refused, whatever was done to their chunks, in little memory',
    fc.tuple(picture, fc.array(chunkChange, {minLength: 1, maxLength: 4})),
    ([{bytes}, spoilt]) => {
      decodesOrRefuses(joinChunks(spoilt.reduce(changeChunks, chunksOf(bytes))));
      assert.ok(process.memoryUsage().arrayBuffers < MOST_BYTES, 'too much memory');
    },
    {runs: 300},
  );

  always(
    'may be any bytes at all',
    fc.tuple(fc.boolean(), fc.uint8Array({maxLength: 200})),
    ([signed, bytes]) => {
      assert.equal(decodesOrRefuses(Buffer.concat([signed ? SIGNATURE : Buffer.alloc(0), bytes])), false);
    },
  );
});
