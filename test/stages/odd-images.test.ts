import assert from 'node:assert/strict';
import {preprocess} from '../../pipeline/stages/preprocess/stage.js';
import {imagesOf} from './array.js';
import {datasetOf} from './data.js';
import {chunk, grayPng, makePng, type PngRecipe, SIGNATURE} from './png-maker.js';
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

function plain(changes: Partial<PngRecipe>): Buffer {
  return makePng({width: SIDE, height: SIDE, colourType: 0, depth: 8, pixel: () => [1], ...changes});
}

/** The same file with one thing changed, its checksums left as they were. */
function changed(bytes: Buffer, place: number, value: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[place] = value;
  return copy;
}

/** A file that says it has these dimensions, with a correct checksum. */
function claiming(width: number, height: number, depthAndColour: readonly [number, number] = [8, 0]): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set(depthAndColour, 8);
  return Buffer.concat([SIGNATURE, chunk('IHDR', header), GOOD.subarray(33)]);
}

const UNREADABLE: readonly [string, Buffer, string | RegExp][] = [
  ['no bytes', Buffer.alloc(0), 'is empty (zero bytes)'],
  ['text', Buffer.from('this is no image at all, is it'), 'is not a PNG file but text'],
  ['a JPEG', Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16]), 'is not a PNG file but a JPEG'],
  [
    'a web page',
    Buffer.from('<!DOCTYPE html><html>'),
    'is not a PNG file but a web page: was the download refused?',
  ],
  ['zeros', Buffer.alloc(5000), 'is not a PNG file but zeros: was the download or the disk full?'],
  ['a signature alone', GOOD.subarray(0, 8), 'is cut off after 8 bytes, inside its header'],
  ['half a header', GOOD.subarray(0, 20), 'is cut off after 20 bytes, inside its header'],
  ['half its data', GOOD.subarray(0, 1000), 'is cut off after 1,000 bytes, inside its IDAT chunk'],
  [
    'no end',
    GOOD.subarray(0, GOOD.length - 12),
    `is cut off after ${(GOOD.length - 12).toLocaleString('en')} bytes: its end is missing`,
  ],
  [
    'a wrong checksum',
    changed(GOOD, 60, GOOD[60]! ^ 1),
    'has a wrong checksum (CRC) in its IDAT chunk at byte 33',
  ],
  [
    'a wrong checksum in its header',
    changed(GOOD, 19, 63),
    'has a wrong checksum (CRC) in its IHDR chunk at byte 8',
  ],
  [
    'bytes that are no chunk',
    Buffer.concat([GOOD.subarray(0, 33), Buffer.alloc(40)]),
    'has bytes that are no chunk at 33',
  ],
  ['no data', Buffer.concat([GOOD.subarray(0, 33), GOOD.subarray(-12)]), 'has no pixel data'],
  ['no width', claiming(0, SIDE), 'has a header that says 0×64 pixels'],
  ['a depth that PNG does not have', claiming(SIDE, SIDE, [3, 0]), 'has a header that PNG does not allow'],
  [
    'a colour type that PNG does not have',
    claiming(SIDE, SIDE, [8, 5]),
    'has a header that PNG does not allow',
  ],
  [
    'absurd dimensions',
    claiming(100_000, 100_000),
    'is 100,000×100,000 pixels; more than 16,384 on a side are not read',
  ],
  [
    'too many pixels',
    claiming(16_000, 16_000),
    'is 16,000×16,000 pixels in mode L; more than 134 MB of pixels are not read',
  ],
  ['fewer rows than its header says', claiming(SIDE, SIDE + 1), 'has 4,160 of 4,225 bytes of pixels'],
  ['more rows than its header says', claiming(SIDE, SIDE - 1), 'has more pixels than its header says'],
  [
    'a filter that PNG does not have',
    plain({filter: (y) => (y === 17 ? 7 : 0)}),
    'has a row filter that PNG does not know, in row 18',
  ],
  [
    'a filter that PNG does not have, in colour',
    plain({colourType: 2, pixel: () => [1, 2, 3], filter: () => 9}),
    'has a row filter that PNG does not know, in row 1',
  ],
  [
    'data that are not compressed data',
    withData(Buffer.from('not zlib')),
    /^has damaged pixel data \(incorrect header check\)$/,
  ],
  ['compressed data that stop', withData(Buffer.from([0x78, 0x9c, 0x63])), 'has pixel data that are cut off'],
  [
    'interlaced bits',
    plain({depth: 1, interlaced: true}),
    'is interlaced with 1 bits per sample, which is not supported',
  ],
  [
    'a colour beyond its palette',
    plain({colourType: 3, palette: [[1, 2, 3]], pixel: (x) => [x === 5 ? 4 : 0]}),
    'uses colour 4 of a palette with 1',
  ],
];

function withData(data: Buffer): Buffer {
  return Buffer.concat([GOOD.subarray(0, 33), chunk('IDAT', data), chunk('IEND', Buffer.alloc(0))]);
}

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

  it('are quarantined with the reason why they cannot be read', () =>
    withBench(async (bench) => {
      const files = Object.fromEntries(UNREADABLE.map(([, bytes], index) => [`${index}.png`, bytes]));
      const dataset = await datasetOf(bench, {...files, 'good.png': GOOD});
      const finished = await bench.run(
        preprocess,
        {size: SIDE, allow_unreadable: 100},
        {needs: [dataset.artifact]},
      );
      assert.equal(factsOf(finished)['images'], 1);
      const reasons = new Map(
        finished
          .read('quarantine.csv')
          .trimEnd()
          .split('\n')
          .slice(1)
          .map((line) => [
            line.slice(0, line.indexOf(',')),
            line.slice(line.indexOf(',') + 1).replace(/^"|"$/g, ''),
          ]),
      );
      for (const [index, [what, , reason]] of UNREADABLE.entries()) {
        const found = reasons.get(`${index}.png`) ?? 'was read';
        if (typeof reason === 'string') assert.equal(found, reason, what);
        else assert.match(found, reason, what);
      }
    }));
});
