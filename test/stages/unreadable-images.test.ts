import assert from 'node:assert/strict';
import {deflateSync} from 'node:zlib';
import {preprocess} from '../../pipeline/stages/preprocess/stage.js';
import {datasetOf} from './data.js';
import {chunk, grayPng, makePng, type PngRecipe, SIGNATURE} from './png-maker.js';
import {factsOf, withBench} from './rig.js';

const SIDE = 64;

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

const RAW = deflateSync(Buffer.alloc(SIDE * (SIDE + 1)));
const [HEADER, DATA, END] = [GOOD.subarray(8, 33), chunk('IDAT', RAW), chunk('IEND', Buffer.alloc(0))];
const PALETTE = chunk('PLTE', Buffer.alloc(6));
const TEXT = chunk('tEXt', Buffer.from('Comment\0rib'));

/** A good file with this chunk behind its header. */
function inserted(extra: Buffer): Buffer {
  return Buffer.concat([GOOD.subarray(0, 33), extra, GOOD.subarray(33)]);
}

/** A header of gray pixels, these chunks, and the end. */
function withChunks(...chunks: readonly Buffer[]): Buffer {
  return Buffer.concat([GOOD.subarray(0, 33), ...chunks, END]);
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
    'is 16,000×16,000 pixels; more than 32 megapixels are not read',
  ],
  [
    'too many bytes',
    claiming(5000, 5000, [16, 6]),
    'is 5,000×5,000 pixels in mode RGBA16; more than 64 MB of pixels are not read',
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
  ['compressed data that stop', withData(RAW.subarray(0, 20)), 'has pixel data that are cut off'],
  [
    'a filter that PNG does not have, interlaced',
    plain({interlaced: true, filter: () => 5}),
    'has a row filter that PNG does not know',
  ],
  ['bytes behind its end', Buffer.concat([GOOD, Buffer.alloc(3)]), 'has 3 bytes behind its end'],
  ['another file behind its end', Buffer.concat([GOOD, GOOD]), /^has [\d,]+ bytes behind its end$/],
  ['two headers', inserted(HEADER), 'has a second header chunk'],
  ['a palette behind its data', withChunks(DATA, PALETTE), 'has its palette behind its pixel data'],
  ['two palettes', withChunks(PALETTE, PALETTE, DATA), 'has a second palette'],
  ['half a colour', withChunks(chunk('PLTE', Buffer.alloc(4)), DATA), 'has a palette of 4 bytes'],
  [
    'pixel data in two places',
    withChunks(chunk('IDAT', RAW.subarray(0, 9)), TEXT, chunk('IDAT', RAW.subarray(9))),
    'has its pixel data in two places',
  ],
  [
    'a chunk that must be understood and is not',
    inserted(chunk('ABCD', Buffer.alloc(1))),
    'has a chunk that is not known, ABCD, and cannot be read without it',
  ],
  ['no palette', claiming(SIDE, SIDE, [8, 3]), 'has no palette for its colours'],
  ['an end before its data', withChunks(END, DATA), /^has [\d,]+ bytes behind its end$/],
  [
    'a bomb: little data for many pixels',
    claiming(5000, 5000),
    /^has [\d.]+ kB of data, too little for 25 MB of pixels$/,
  ],
  [
    'a colour beyond its palette',
    plain({colourType: 3, palette: [[1, 2, 3]], pixel: (x) => [x === 5 ? 4 : 0]}),
    'uses colour 4 of a palette with 1',
  ],
];

function withData(data: Buffer): Buffer {
  return withChunks(chunk('IDAT', data));
}

describe('unreadable images', () => {
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
