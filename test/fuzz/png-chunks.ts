import {deflateSync, inflateSync} from 'node:zlib';
import fc from 'fast-check';
import {chunk, makePng, type PngRecipe, SIGNATURE} from '../stages/png-maker.js';

type Kind = Readonly<{colourType: PngRecipe['colourType']; depth: PngRecipe['depth']; channels: number}>;

const KINDS: readonly Kind[] = [
  ...([1, 2, 4, 8, 16] as const).map((depth) => ({colourType: 0, depth, channels: 1}) as const),
  ...([8, 16] as const).map((depth) => ({colourType: 2, depth, channels: 3}) as const),
  ...([1, 2, 4, 8] as const).map((depth) => ({colourType: 3, depth, channels: 1}) as const),
  ...([8, 16] as const).map((depth) => ({colourType: 4, depth, channels: 2}) as const),
  ...([8, 16] as const).map((depth) => ({colourType: 6, depth, channels: 4}) as const),
];

/** A picture that PNG allows, and the gray values that are meant by it, row by row. */
export type Picture = Readonly<{recipe: PngRecipe; bytes: Buffer; gray: Uint8Array}>;

/** Of every kind that there is, small, with random samples and row filters. */
export const picture: fc.Arbitrary<Picture> = fc
  .record({
    kind: fc.constantFrom(...KINDS),
    width: fc.integer({min: 1, max: 40}),
    height: fc.integer({min: 1, max: 40}),
    interlaced: fc.boolean(),
    seed: fc.nat(2 ** 30),
    filters: fc.array(fc.nat(4), {minLength: 1, maxLength: 6}),
    palette: fc.array(fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255)), {minLength: 1, maxLength: 256}),
    text: fc.boolean(),
  })
  .map(({kind, width, height, interlaced, seed, filters, palette, text}) => {
    const {colourType, depth, channels} = kind;
    const colours = palette.slice(0, 2 ** depth);
    const most = colourType === 3 ? colours.length : 2 ** depth;
    const sample = (x: number, y: number, channel: number): number =>
      (Math.imul(seed + x * 7919 + y * 104_729 + channel * 31, 2_654_435_761) >>> 8) % most;
    const recipe: PngRecipe = {
      ...{width, height, colourType, depth, interlaced},
      ...(colourType === 3 ? {palette: colours} : {}),
      ...(text ? {ancillary: [chunk('tEXt', Buffer.from('Comment\0=cmd'))]} : {}),
      pixel: (x, y) => Array.from({length: channels}, (_, channel) => sample(x, y, channel)),
      filter: (y) => filters[y % filters.length]!,
    };
    const gray = Uint8Array.from({length: width * height}, (_, place) =>
      grayOf(sample(place % width, Math.floor(place / width), 0), kind, colours),
    );
    return {recipe, bytes: makePng(recipe), gray};
  });

function grayOf(sample: number, {colourType, depth}: Kind, palette: readonly (readonly number[])[]): number {
  return colourType === 3 ? palette[sample]![0]! : Math.round((sample * 255) / (2 ** depth - 1));
}

export type Chunk = Readonly<{type: string; content: Buffer}>;

/** Of a file that is as it should be. */
export function chunksOf(png: Uint8Array): readonly Chunk[] {
  const bytes = Buffer.from(png);
  const chunks: Chunk[] = [];
  for (let at = SIGNATURE.length; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    chunks.push({
      type: bytes.toString('latin1', at + 4, at + 8),
      content: bytes.subarray(at + 8, at + 8 + length),
    });
    at += 12 + length;
  }
  return chunks;
}

export function joinChunks(chunks: readonly Chunk[]): Buffer {
  return Buffer.concat([SIGNATURE, ...chunks.map(({type, content}) => chunk(type, content))]);
}

const oddChunk: fc.Arbitrary<Chunk> = fc.record({
  type: fc.constantFrom(
    'IHDR',
    'PLTE',
    'IDAT',
    'IEND',
    'tRNS',
    'gAMA',
    'ABCD',
    'abcd',
    'zTXt',
    '\0\0\0\0',
    'ID T',
  ),
  content: fc.uint8Array({maxLength: 40}).map((content) => Buffer.from(content)),
});

/** A change of the order, the number or the content of chunks; their checksums are right again afterwards. */
export type ChunkChange = Readonly<
  | {what: 'delete' | 'repeat'; at: number}
  | {what: 'move'; at: number; to: number}
  | {what: 'insert'; at: number; chunk: Chunk}
  | {what: 'flip'; at: number; byte: number; bit: number}
  | {what: 'header'; field: 'width' | 'height'; value: number}
  | {what: 'header byte'; byte: number; value: number}
  | {what: 'pixels'; at: number; value: number}
  | {what: 'length of pixels'; change: number}
>;

const place = fc.nat(11);
const odds = fc.constantFrom(
  0,
  1,
  2,
  255,
  2 ** 14,
  2 ** 14 + 1,
  1e5,
  2 ** 16,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
);

export const chunkChange: fc.Arbitrary<ChunkChange> = fc.oneof(
  fc.record({what: fc.constantFrom('delete', 'repeat'), at: place}),
  fc.record({what: fc.constant('move'), at: place, to: place}),
  fc.record({what: fc.constant('insert'), at: place, chunk: oddChunk}),
  fc.record({what: fc.constant('flip'), at: place, byte: fc.nat(5000), bit: fc.nat(7)}),
  fc.record({
    what: fc.constant('header'),
    field: fc.constantFrom<'width' | 'height'>('width', 'height'),
    value: fc.oneof(odds, fc.nat(64), fc.nat(20_000)),
  }),
  fc.record({what: fc.constant('header byte'), byte: fc.integer({min: 8, max: 12}), value: fc.nat(255)}),
  fc.record({what: fc.constant('pixels'), at: fc.nat(5000), value: fc.nat(255)}),
  fc.record({what: fc.constant('length of pixels'), change: fc.integer({min: -50, max: 50})}),
) as fc.Arbitrary<ChunkChange>;

export function changeChunks(chunks: readonly Chunk[], change: ChunkChange): readonly Chunk[] {
  if (chunks.length === 0) return chunks;
  const at = 'at' in change ? change.at % chunks.length : 0;
  const chosen = chunks[at]!;
  const [head, tail] = [chunks.slice(0, at), chunks.slice(at + 1)];
  switch (change.what) {
    case 'delete':
      return [...head, ...tail];
    case 'repeat':
      return [...head, chosen, chosen, ...tail];
    case 'move':
      return [...head, ...tail].toSpliced(change.to % chunks.length, 0, chosen);
    case 'insert':
      return [...head, change.chunk, chosen, ...tail];
    case 'flip':
      return [
        ...head,
        {...chosen, content: withByte(chosen.content, change.byte, (byte) => byte ^ (1 << change.bit))},
        ...tail,
      ];
    case 'header':
      return changeHeader(chunks, (header) =>
        header.writeUInt32BE(change.value, change.field === 'width' ? 0 : 4),
      );
    case 'header byte':
      return changeHeader(chunks, (header) => header.writeUInt8(change.value, change.byte));
    case 'pixels':
      return changePixels(chunks, (pixels) => withByte(pixels, change.at, () => change.value));
    case 'length of pixels':
      return changePixels(chunks, (pixels) =>
        change.change < 0
          ? pixels.subarray(0, change.change)
          : Buffer.concat([pixels, Buffer.alloc(change.change)]),
      );
  }
}

function withByte(bytes: Buffer, at: number, next: (byte: number) => number): Buffer {
  const copy = Buffer.from(bytes);
  if (copy.length > 0) copy[at % copy.length] = next(copy[at % copy.length]!);
  return copy;
}

function changeHeader(chunks: readonly Chunk[], write: (header: Buffer) => void): readonly Chunk[] {
  return chunks.map((each) => {
    if (each.type !== 'IHDR' || each.content.length !== 13) return each;
    const content = Buffer.from(each.content);
    write(content);
    return {...each, content};
  });
}

/** The uncompressed data are changed and compressed again: what comes of it has no wrong checksum. */
function changePixels(chunks: readonly Chunk[], change: (pixels: Buffer) => Buffer): readonly Chunk[] {
  const first = chunks.findIndex(({type}) => type === 'IDAT');
  if (first === -1) return chunks;
  const data = Buffer.concat(chunks.filter(({type}) => type === 'IDAT').map(({content}) => content));
  try {
    const content = deflateSync(change(inflateSync(data)));
    const others = chunks.filter(({type}) => type !== 'IDAT');
    return others.toSpliced(first, 0, {type: 'IDAT', content});
  } catch {
    // An earlier change has damaged them.
    return chunks;
  }
}
