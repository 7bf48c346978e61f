import {closeSync, openSync, readSync} from 'node:fs';
import {join} from 'node:path';
import type {Sample, SampleFacts} from '../../../reports/data-facts.js';
import {encodeGrayPng} from '../../../reports/png.js';
import type {ArtifactRef} from '../../model/stage-kind.js';
import type {BoxRow, ImageRow} from '../dataset.js';
import {NPY_HEADER_BYTES} from '../preprocess/npy.js';
import {chooseSamples} from './choose-samples.js';
import {readRecords} from './read.js';

/** Pictures larger than this on the page would only make it larger. */
const MOST_PIXELS = 256;

/** A page of more pictures than this shows them smaller, so that it stays a page that can be sent. */
const MANY = 40;
const MANY_PIXELS = 192;

/** Radiographs from the array of an images artifact, chosen by seed, with their boxes. */
export function sampleFacts(request: {
  images: ArtifactRef;
  /** Of the array's images. */
  size: number;
  rows: readonly ImageRow[];
  boxes: readonly BoxRow[];
  count: number;
  seed: number;
}): SampleFacts {
  const {images, size, rows, boxes, count, seed} = request;
  const index = new Map(
    readRecords(join(images.path, 'index.csv')).map((record) => [record['image']!, record]),
  );
  const boxesOf = new Map<string, BoxRow[]>();
  for (const box of boxes) boxesOf.set(box.image, [...(boxesOf.get(box.image) ?? []), box]);
  const candidates = rows.flatMap((row) => {
    const place = index.get(row.image);
    const around = boxesOf.get(row.image) ?? [];
    return place === undefined
      ? []
      : [{row, place, around, boxed: new Set(around.map((box) => box.finding))}];
  });
  const side = Math.min(size, count > MANY ? MANY_PIXELS : MOST_PIXELS);
  const array = openSync(join(images.path, 'images.npy'), 'r');
  try {
    const shown = chooseSamples(candidates, {count, seed}).map(({row, place, around}): Sample => {
      const [width, height] = [Number(place['width']), Number(place['height'])];
      const pixels = shrunk(readRow(array, Number(place['row']), size), size, side);
      return {
        ...{image: row.image, sex: row.sex, view: row.view, age: row.age, findings: row.findings},
        boxes: around.map((box) => ({
          finding: box.finding,
          ...{x: box.x / width, y: box.y / height, width: box.width / width, height: box.height / height},
        })),
        png: encodeGrayPng({width: side, height: side, gray: pixels}).toString('base64'),
      };
    });
    return {seed, side, size, of: candidates.length, shown};
  } finally {
    closeSync(array);
  }
}

function readRow(array: number, row: number, size: number): Uint8Array {
  const pixels = new Uint8Array(size * size);
  let done = 0;
  while (done < pixels.length) {
    const got = readSync(
      array,
      pixels,
      done,
      pixels.length - done,
      NPY_HEADER_BYTES + row * pixels.length + done,
    );
    if (got === 0) throw new Error(`Internal error: images.npy ends before row ${row}`);
    done += got;
  }
  return pixels;
}

/** A smaller square, each of its pixels the mean of the area that it covers. */
function shrunk(pixels: Uint8Array, size: number, side: number): Uint8Array {
  if (side === size) return pixels;
  const across = shrinkRows(Float64Array.from(pixels), {size, side});
  const down = shrinkRows(transposed(across, side, size), {size, side});
  return Uint8Array.from(transposed(down, side, side), (value) => Math.round(value));
}

/** Rows of `size` values become rows of `side` values. */
function shrinkRows(values: Float64Array, {size, side}: {size: number; side: number}): Float64Array {
  const rows = values.length / size;
  const shorter = new Float64Array(rows * side);
  const scale = size / side;
  for (let column = 0; column < side; column++) {
    const [from, to] = [column * scale, (column + 1) * scale];
    for (let source = Math.floor(from); source < Math.min(size, Math.ceil(to - 1e-9)); source++) {
      const weight = (Math.min(to, source + 1) - Math.max(from, source)) / scale;
      for (let row = 0; row < rows; row++)
        shorter[row * side + column]! += weight * values[row * size + source]!;
    }
  }
  return shorter;
}

function transposed(values: Float64Array, columns: number, rows: number): Float64Array {
  const turned = new Float64Array(values.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      turned[column * rows + row] = values[row * columns + column]!;
  return turned;
}
