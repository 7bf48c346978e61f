import assert from 'node:assert/strict';
import {preprocess} from '../../pipeline/stages/preprocess/stage.js';
import {imagesOf} from './array.js';
import {datasetOf} from './data.js';
import {chunk, grayPng, makePng, type PngRecipe} from './png-maker.js';
import {type Bench, factsOf, withBench} from './rig.js';

const SIDE = 64;

/** Pictures that are no 8-bit gray, and what each pixel must become. */
const READABLE: Record<string, Omit<PngRecipe, 'width' | 'height'> & {gray(x: number, y: number): number}> = {
  'RGBA, of which the red is taken and nothing mixed': {
    colourType: 6,
    depth: 8,
    ancillary: [chunk('gAMA', Buffer.from([0, 0, 0xb1, 0x8f])), chunk('sRGB', Buffer.from([0]))],
    pixel: (x, y) => [x * 3, y, 255, x === y ? 0 : 255],
    gray: (x) => x * 3,
  },
  RGB: {colourType: 2, depth: 8, pixel: (x, y) => [x + y, 7, 9], gray: (x, y) => x + y},
  'gray with alpha': {colourType: 4, depth: 8, pixel: (x, y) => [x ^ y, 3], gray: (x, y) => x ^ y},
  'gray of 16 bits': {
    colourType: 0,
    depth: 16,
    pixel: (x, y) => [x * 1000 + y],
    gray: (x, y) => Math.round(((x * 1000 + y) * 255) / 65535),
  },
  'RGB of 16 bits': {
    colourType: 2,
    depth: 16,
    pixel: (x, y) => [x * y * 16, 0, 0],
    gray: (x, y) => Math.round((x * y * 16 * 255) / 65535),
  },
  'gray of 1 bit': {
    colourType: 0,
    depth: 1,
    pixel: (x, y) => [(x ^ y) & 1],
    gray: (x, y) => 255 * ((x ^ y) & 1),
  },
  'gray of 2 bits': {
    colourType: 0,
    depth: 2,
    pixel: (x, y) => [(x + y) & 3],
    gray: (x, y) => 85 * ((x + y) & 3),
  },
  'gray of 4 bits': {
    colourType: 0,
    depth: 4,
    pixel: (x, y) => [(x + y) & 15],
    gray: (x, y) => 17 * ((x + y) & 15),
  },
  'a palette, looked up before its red is taken': {
    colourType: 3,
    depth: 8,
    palette: Array.from({length: 200}, (_, index) => [255 - index, index, 0] as const),
    pixel: (x, y) => [x + y],
    gray: (x, y) => 255 - x - y,
  },
  'a palette of 4 colours': {
    colourType: 3,
    depth: 2,
    palette: [
      [9, 0, 0],
      [90, 0, 0],
      [180, 0, 0],
      [250, 0, 0],
    ],
    pixel: (x, y) => [(x * y) & 3],
    gray: (x, y) => [9, 90, 180, 250][(x * y) & 3]!,
  },
  'interlaced gray': {
    colourType: 0,
    depth: 8,
    interlaced: true,
    filter: (y) => y % 5,
    pixel: (x, y) => [x * 2 + y],
    gray: (x, y) => x * 2 + y,
  },
  'interlaced gray of 1 bit': {
    colourType: 0,
    depth: 1,
    interlaced: true,
    filter: (y) => y % 5,
    pixel: (x, y) => [(x ^ (y >> 1)) & 1],
    gray: (x, y) => 255 * ((x ^ (y >> 1)) & 1),
  },
  'an interlaced palette of 16 colours': {
    colourType: 3,
    depth: 4,
    interlaced: true,
    palette: Array.from({length: 16}, (_, index) => [16 * index, 0, 255] as const),
    pixel: (x, y) => [(x + 3 * y) & 15],
    gray: (x, y) => 16 * ((x + 3 * y) & 15),
  },
  'gray with alpha of 16 bits, each row filtered otherwise': {
    colourType: 4,
    depth: 16,
    filter: (y) => y % 5,
    pixel: (x, y) => [(x * 977 + y * 331) & 65535, x],
    gray: (x, y) => Math.round((((x * 977 + y * 331) & 65535) * 255) / 65535),
  },
  'interlaced RGBA of 16 bits': {
    colourType: 6,
    depth: 16,
    interlaced: true,
    pixel: (x, y) => [x * 257, y, 0, 65535],
    gray: (x) => x,
  },
  'gray with broken text and colour profile': {
    colourType: 0,
    depth: 16,
    ancillary: [chunk('iCCP', Buffer.from('no profile')), chunk('tEXt', Buffer.from('no keyword'))],
    pixel: () => [65535],
    gray: () => 255,
  },
};

const GOOD = grayPng(SIDE, SIDE, 3);

async function pixelsOf(bench: Bench, file: Buffer): Promise<Buffer> {
  const dataset = await datasetOf(bench, {'odd.png': file});
  const finished = await bench.run(preprocess, {size: SIDE}, {needs: [dataset.artifact]});
  factsOf(finished);
  return imagesOf(finished).rows[0]!;
}

describe('odd images', () => {
  for (const [what, {gray, ...recipe}] of Object.entries(READABLE)) {
    it(`are read: ${what}`, () =>
      withBench(async (bench) => {
        const pixels = await pixelsOf(bench, makePng({width: SIDE, height: SIDE, ...recipe}));
        const expected = Array.from({length: SIDE * SIDE}, (_, place) =>
          gray(place % SIDE, Math.floor(place / SIDE)),
        );
        assert.deepEqual([...pixels], expected);
      }));
  }

  it('are counted by kind', () =>
    withBench(async (bench) => {
      const recipes = Object.values(READABLE);
      const files = recipes.map((recipe, index) => {
        return [`${index}.png`, makePng({width: SIDE, height: SIDE, ...recipe})] as const;
      });
      const wide = grayPng(SIDE, SIDE / 2, 1);
      const dataset = await datasetOf(bench, {
        ...Object.fromEntries(files),
        'good.png': GOOD,
        'wide.png': wide,
      });
      const finished = await bench.run(preprocess, {size: SIDE}, {needs: [dataset.artifact]});
      const {not_gray: notGray, stretched, interlaced, modes} = factsOf(finished);
      assert.deepEqual([notGray, stretched, interlaced], [recipes.length - 1, 1, 4]);
      assert.deepEqual(modes, {
        ...{RGBA: 1, RGB: 1, LA: 1, L16: 2, RGB16: 1, L1: 2, L2: 1, L4: 1, P: 3, L: 3, LA16: 1, RGBA16: 1},
      });
      const notes = finished.read('notes.csv').trimEnd().split('\n').slice(1);
      assert.deepEqual(
        notes,
        recipes.flatMap(({interlaced: yes}, index) => (yes ? [`${index}.png,interlaced`] : [])),
      );
    }));
});
